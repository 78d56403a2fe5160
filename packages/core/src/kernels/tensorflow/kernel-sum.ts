import type * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

type Inputs = { readonly [name: string]: tf.TensorInfo }

/** `kernel0`, `kernel1`, …: TensorFlow.js names its inputs. */
const kernelsOf = (inputs: Inputs): tf.TensorInfo[] =>
  Object.keys(inputs)
    .filter((name) => name.startsWith('kernel'))
    .map((name) => inputs[name]!)

/** `first` are the inputs before the kernels; `made` is how many tensors come out for so many kernels. */
const onKernels = (name: string, first: readonly string[], made: (kernels: number) => number) =>
  tensorflowKernel<string>({
    name,
    repairs: 'scaling, adding and transposing kernels one by one goes over memory six times as often',
    needsOwnOperations: true,
    create:
      () =>
      ({ inputs, backend }) => {
        const kernels = kernelsOf(inputs)
        return execute(backend, {
          name: `Gpd${name}`,
          inputs: [...first.map((input) => inputs[input]!), ...kernels],
          outputs: made(kernels.length),
          ints: { n: kernels.length },
        })
      },
  })

export const kernelSum = onKernels('KernelSum', ['coefficients'], () => 1)
export const kernelSumGradient = onKernels('KernelSumGradient', ['dy', 'coefficients'], (kernels) => kernels + 1)
