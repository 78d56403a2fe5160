import * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

interface Attributes {
  readonly epsilon: number
  readonly momentum: number
  readonly relu: boolean
}

type Inputs = 'x' | 'scale' | 'shift' | 'movingMean' | 'movingVariance'

const repairs =
  'TensorFlow goes over the image for each of norm, sum and ReLU, and takes six operations for the averages'

/**
 * y and the moving moments come first. Mean, inverse deviation and, where a sum went into the ReLU, y again are for the
 * gradient: the latter tells where it was positive.
 */
export const batchNormBlock = tensorflowKernel<Inputs | 'other', Attributes>({
  name: 'BatchNormBlock',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { x, scale, shift, movingMean, movingVariance, other }, attrs, backend }) => {
      // TensorFlow.js leaves out what is not given.
      const others = [other as tf.TensorInfo | undefined].filter((info) => info !== undefined)
      const { epsilon, momentum, relu } = attrs
      const made = execute(backend, {
        name: 'GpdBatchNorm',
        inputs: [x, scale, shift, movingMean, movingVariance, ...others],
        outputs: 5,
        floats: { epsilon, momentum },
        bools: { relu },
        ints: { k: others.length },
      })
      return [...made, tf.clone(relu && others.length > 0 ? made[0]! : made[4]!)]
    },
})

const GRADIENT = 'BatchNormBlockGradient'

type GradientInputs = 'dy' | 'x' | 'scale' | 'shift' | 'mean' | 'inverse'

/** `sum`: what came out of a ReLU behind a sum. Then there is a fourth gradient: the other summand's. */
export const batchNormBlockGradient = tensorflowKernel<GradientInputs | 'sum', Pick<Attributes, 'relu'>>({
  name: GRADIENT,
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { dy, x, scale, shift, mean, inverse, sum }, attrs: { relu }, backend }) => {
      const sums = [sum as tf.TensorInfo | undefined].filter((info) => info !== undefined)
      return execute(backend, {
        name: 'GpdBatchNormGradient',
        inputs: [dy, x, scale, shift, mean, inverse, ...sums],
        outputs: 3 + sums.length,
        bools: { relu },
        ints: { k: sums.length },
      })
    },
})

/** The moving averages are constants to every gradient: only that of y counts. */
export const batchNormBlockDerivative: tf.GradConfig = {
  kernelName: batchNormBlock.name,
  inputsToSave: ['x', 'scale', 'shift'],
  outputsToSave: [false, false, false, true, true, true],
  gradFunc: (gradients, saved, attrs) => {
    const dy = (gradients as tf.Tensor[])[0]!
    const [x, scale, shift, mean, inverse, last] = saved as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ]
    const { relu } = attrs as unknown as Attributes
    const hasSum = last.rank > 1
    const [dx, dScale, dShift, dOther = dy] = tf
      .engine()
      .runKernel(
        GRADIENT,
        { dy, x, scale, shift, mean, inverse, ...(hasSum && { sum: last }) },
        { relu },
      ) as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor?]
    return { x: () => dx, scale: () => dScale, shift: () => dShift, other: () => dOther }
  },
}
