import * as tf from '@tensorflow/tfjs'
import { batchNormTraining, batchNormTrainingGradient } from './batch-norm.ts'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const repairs = 'TensorFlow goes over the image more often than the two times that are needed'

/** Mean and inverse deviation take the places of what TensorFlow keeps for its gradient; the last one stays empty. */
export const ownBatchNorm = tensorflowKernel<'x' | 'scale' | 'shift', { readonly epsilon: number }>({
  name: batchNormTraining.name,
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { x, scale, shift }, attrs, backend }) => {
      const [y, mean, variance, inverse] = execute(backend, {
        name: 'GpdBatchNorm',
        inputs: [x, scale, shift],
        outputs: 4,
        floats: { epsilon: attrs.epsilon },
      }) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
      return [y, mean, variance, tf.clone(mean), inverse, tf.tensor1d([])]
    },
})

export const ownBatchNormGradient = tensorflowKernel<'dy' | 'x' | 'scale' | 'reserve0' | 'reserve1'>({
  name: batchNormTrainingGradient.name,
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { dy, x, scale, reserve0, reserve1 }, backend }) =>
      execute(backend, { name: 'GpdBatchNormGradient', inputs: [dy, x, scale, reserve0, reserve1], outputs: 3 }),
})
