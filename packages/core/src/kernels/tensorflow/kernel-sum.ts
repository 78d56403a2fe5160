import type * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

type Inputs = { readonly [name: string]: tf.TensorInfo }

/** `kernel0`, `kernel1`, …: TensorFlow.js names its inputs. */
const kernelsOf = (inputs: Inputs): tf.TensorInfo[] =>
  Object.keys(inputs)
    .filter((name) => name.startsWith('kernel'))
    .map((name) => inputs[name]!)

const repairs = 'scaling, adding and transposing kernels one by one goes over memory six times as often'

export const kernelSum = tensorflowKernel<string>({
  name: 'KernelSum',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs, backend }) => {
      const kernels = kernelsOf(inputs)
      return execute(backend, {
        name: 'GpdKernelSum',
        inputs: [inputs['coefficients']!, ...kernels],
        ints: { n: kernels.length },
      })
    },
})

export const kernelSumGradient = tensorflowKernel<string>({
  name: 'KernelSumGradient',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs, backend }) => {
      const kernels = kernelsOf(inputs)
      return execute(backend, {
        name: 'GpdKernelSumGradient',
        inputs: [inputs['dy']!, inputs['coefficients']!, ...kernels],
        outputs: kernels.length + 1,
        ints: { n: kernels.length },
      })
    },
})
