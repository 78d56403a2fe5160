import * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

interface Attributes {
  /** Of each kernel, one for each tap. */
  readonly factors: readonly (readonly number[])[]
  readonly shape: readonly number[]
}

interface Variant {
  readonly name: string
  /** Inputs before the kernels. */
  readonly first: readonly string[]
  /** How many tensors come out for so many kernels. */
  made(kernels: number): number
  /** Attributes of its own. */
  ints(attributes: Attributes): Readonly<Record<string, readonly number[]>>
}

const kernelSumVariant = ({ name, first, made, ints }: Variant) =>
  tensorflowKernel<string, Attributes>({
    name,
    repairs: 'scaling, adding and transposing kernels one by one goes over memory six times as often',
    needsOwnOperations: true,
    create:
      () =>
      ({ inputs, attrs, backend }) => {
        const indices = attrs.factors.map((_, i) => i)
        const profiled = indices.filter((i) => inputs[`profile${i}`] !== undefined)
        const factors = tf.tensor2d(attrs.factors.map((row) => [...row]))
        const tensors = execute(backend, {
          name: `Gpd${name}`,
          inputs: [
            ...first.map((input) => inputs[input]!),
            factors,
            ...indices.map((i) => inputs[`kernel${i}`]!),
            ...profiled.map((i) => inputs[`profile${i}`]!),
          ],
          outputs: made(indices.length),
          ints: { n: indices.length, m: profiled.length, profiled, ...ints(attrs) },
        })
        factors.dispose()
        return tensors
      },
  })

export const kernelSum = kernelSumVariant({
  name: 'KernelSum',
  first: ['gates'],
  made: () => 1,
  ints: ({ shape }) => ({ shape }),
})

export const kernelSumGradient = kernelSumVariant({
  name: 'KernelSumGradient',
  first: ['dy', 'gates'],
  made: (kernels) => 1 + kernels,
  ints: () => ({}),
})
