import * as tf from '@tensorflow/tfjs'
import { extraDerivative, runExtraKernel, sizeOf, type Float32 } from '@gpdjs/core'
import { extraTensorflowKernel } from './kernel.ts'
import { execute, reshaped } from './tensorflow-backend.ts'

/** TensorFlow's batch normalization takes images: all axes but the last become one axis of it. */
function asImage(x: Float32): tf.Tensor {
  const channels = x.shape.at(-1)!
  return reshaped(x, x.shape.length === 4 ? x.shape : [-1, 1, 1, channels])
}

const strings = { data_format: 'NHWC' }
const bools = { is_training: true }

export const batchNormTraining = extraTensorflowKernel({
  name: 'BatchNormTraining',
  problem: 'moments and normalization compose from nine passes',
  run: ({ inputs: { x, scale, shift }, attributes: { epsilon }, backend }) => {
    const image = asImage(x)
    // The operation takes moments too, for evaluation; in training they are empty.
    const none = tf.tensor1d([])
    const [y, mean, variance, ...reserve] = execute(backend, {
      name: 'FusedBatchNormV3',
      inputs: [image, scale, shift, none, none],
      outputs: 6,
      bools,
      strings,
      floats: { epsilon },
    })
    // TensorFlow returns the unbiased variance.
    const rows = sizeOf(x.shape.slice(0, -1))
    const biased = tf.mul<typeof variance>(variance, (rows - 1) / rows)
    const result = reshaped(y, x.shape)
    tf.dispose([image, none, y, variance])
    return [result, mean, biased, ...reserve]
  },
})

export const batchNormTrainingGradient = extraTensorflowKernel({
  name: 'BatchNormTrainingGradient',
  problem: 'the gradient composes from nine passes, most of them with broadcasting',
  run: ({ inputs: { dy, x, scale, reserve }, attributes: { epsilon }, backend }) => {
    const images = [asImage(dy), asImage(x)]
    const [dx, dScale, dShift, ...unused] = execute(backend, {
      name: 'FusedBatchNormGradV3',
      inputs: [...images, scale, ...reserve],
      outputs: 5,
      bools,
      strings,
      floats: { epsilon },
    })
    const result = reshaped(dx, x.shape)
    tf.dispose([...images, dx, ...unused])
    return [result, dScale, dShift]
  },
})

/** The moments are constants to every gradient: only that of y counts. */
export const batchNormTrainingDerivative = extraDerivative({
  kernelName: 'BatchNormTraining',
  inputsToSave: ['x', 'scale'],
  outputsToSave: [false, false, false, true, true, true],
  gradFunc: ([dy], [x, scale, ...reserve], { epsilon }) => {
    const inputs = { dy: dy!, x: x!, scale: scale!, reserve }
    const [dx, dScale, dShift] = runExtraKernel('BatchNormTrainingGradient', inputs, { epsilon })!
    return { x: () => dx, scale: () => dScale, shift: () => dShift }
  },
})
