import * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute, reshaped } from './tensorflow-backend.ts'

/** TensorFlow's batch normalization takes images; all axes but the last are one to it. */
function asImage(x: tf.TensorInfo): tf.Tensor {
  const channels = x.shape.at(-1)!
  return reshaped(x, x.shape.length === 4 ? x.shape : [-1, 1, 1, channels])
}

const rowsOf = ({ shape }: tf.TensorInfo) => shape.slice(0, -1).reduce((product, n) => product * n, 1)

interface Attributes {
  readonly epsilon: number
}

const strings = { data_format: 'NHWC' }
const bools = { is_training: true }

export const batchNormTraining = tensorflowKernel<'x' | 'scale' | 'shift', Attributes>({
  name: 'BatchNormTraining',
  repairs: 'moments and normalization compose from nine passes',
  create:
    () =>
    ({ inputs: { x, scale, shift }, attrs, backend }) => {
      const image = asImage(x)
      // Moments given from outside are for evaluation; training wants none.
      const none = tf.tensor1d([])
      const [y, mean, variance, ...reserve] = execute(backend, {
        name: 'FusedBatchNormV3',
        inputs: [image, scale, shift, none, none],
        outputs: 6,
        bools,
        strings,
        floats: { epsilon: attrs.epsilon },
      }) as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]]
      // TensorFlow returns the unbiased variance.
      const rows = rowsOf(x)
      const biased = tf.mul(variance, (rows - 1) / rows)
      const result = reshaped(y, x.shape)
      tf.dispose([image, none, y, variance])
      return [result, mean, biased, ...reserve]
    },
})

const GRADIENT = 'BatchNormTrainingGradient'

export const batchNormTrainingGradient = tensorflowKernel<
  'dy' | 'x' | 'scale' | 'reserve0' | 'reserve1' | 'reserve2',
  Attributes
>({
  name: GRADIENT,
  repairs: 'the gradient composes from nine passes, most of them with broadcasting',
  create:
    () =>
    ({ inputs: { dy, x, scale, reserve0, reserve1, reserve2 }, attrs, backend }) => {
      const images = [asImage(dy), asImage(x)]
      const [dx, dScale, dShift, ...unused] = execute(backend, {
        name: 'FusedBatchNormGradV3',
        inputs: [...images, scale, reserve0, reserve1, reserve2],
        outputs: 5,
        bools,
        strings,
        floats: { epsilon: attrs.epsilon },
      }) as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]]
      const result = reshaped(dx, x.shape)
      tf.dispose([...images, dx, ...unused])
      return [result, dScale, dShift]
    },
})

/** The moments are constants to every gradient: only that of y counts. */
export const batchNormTrainingDerivative: tf.GradConfig = {
  kernelName: batchNormTraining.name,
  inputsToSave: ['x', 'scale'],
  outputsToSave: [false, false, false, true, true, true],
  gradFunc: (gradients, [x, scale, reserve0, reserve1, reserve2], attrs) => {
    const dy = (gradients as tf.Tensor[])[0]!
    const inputs = { dy, x, scale, reserve0, reserve1, reserve2 } as tf.NamedTensorMap
    const [dx, dScale, dShift] = tf.engine().runKernel(GRADIENT, inputs, attrs) as unknown as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ]
    return { x: () => dx, scale: () => dScale, shift: () => dShift }
  },
}
