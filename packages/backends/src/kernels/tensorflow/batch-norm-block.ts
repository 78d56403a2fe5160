import * as tf from '@tensorflow/tfjs'
import { extraDerivative, runExtraKernel } from '@gpdjs/core'
import { extraTensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const problem =
  'TensorFlow goes over the image for each of norm, sum and ReLU, and takes six operations for the averages'

/**
 * The reserve is mean, inverse deviation and, where a sum went into the ReLU, y again: the gradient is zero where y is
 * not positive.
 */
export const batchNormBlock = extraTensorflowKernel({
  name: 'BatchNormBlock',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { x, scale, shift, movingMean, movingVariance, other }, attributes, backend }) => {
    const others = other === undefined ? [] : [other]
    const { epsilon, momentum, relu } = attributes
    const made = execute(backend, {
      name: 'GpdBatchNorm',
      inputs: [x, scale, shift, movingMean, movingVariance, ...others],
      outputs: 5,
      floats: { epsilon, momentum },
      bools: { relu },
      ints: { k: others.length },
    })
    return [...made, tf.clone(relu && others.length > 0 ? made[0] : made[4])]
  },
})

export const batchNormBlockGradient = extraTensorflowKernel({
  name: 'BatchNormBlockGradient',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { dy, x, scale, shift, mean, inverse, sum }, attributes: { relu }, backend }) => {
    const operation = { name: 'GpdBatchNormGradient', bools: { relu } }
    const inputs = [dy, x, scale, shift, mean, inverse]
    return sum === undefined
      ? execute(backend, { ...operation, inputs, outputs: 3, ints: { k: 0 } })
      : execute(backend, { ...operation, inputs: [...inputs, sum], outputs: 4, ints: { k: 1 } })
  },
})

/** The moving averages are constants to every gradient: only that of y counts. */
export const batchNormBlockDerivative = extraDerivative({
  kernelName: 'BatchNormBlock',
  inputsToSave: ['x', 'scale', 'shift'],
  outputsToSave: [false, false, false, true, true, true],
  gradFunc: ([dy], saved, { relu }) => {
    const [x, scale, shift, mean, inverse, last] = saved as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ]
    const sum = last.rank > 1 ? last : undefined
    const inputs = { dy: dy!, x, scale, shift, mean, inverse, sum }
    const [dx, dScale, dShift, dOther = dy!] = runExtraKernel('BatchNormBlockGradient', inputs, { relu })!
    return { x: () => dx, scale: () => dScale, shift: () => dShift, other: () => dOther }
  },
})
