import * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

/** Sizes of the blocks that are taken, and their factors; as many as there are tensors. */
interface Attributes {
  readonly sizes: readonly (readonly number[])[]
  readonly scales: readonly number[]
}

const padded = (size: readonly number[], rank: number) => [...new Array<number>(rank - size.length).fill(1), ...size]

export const leadingBlocks = tensorflowKernel<string, Attributes>({
  name: 'LeadingBlocks',
  repairs: 'slices and scales every tensor by operations of its own',
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs, attrs: { sizes, scales }, backend }) => {
      const tensors = Object.values(inputs)
      const rank = Math.max(...sizes.map(({ length }) => length))
      const pairs = tensors.map(({ shape }, i) => [padded(sizes[i]!, rank), padded(shape, rank)])
      const numbers = [tf.tensor1d([...scales]), tf.tensor3d(pairs)]
      const blocks = execute(backend, {
        name: 'GpdLeadingBlocks',
        inputs: [...numbers, ...tensors],
        outputs: tensors.length,
        ints: { n: tensors.length },
      })
      tf.dispose(numbers)
      return blocks
    },
})

const GRADIENT = 'LeadingBlockGradient'

export const leadingBlockGradient = tensorflowKernel<'block', { readonly scale: number; readonly shape: number[] }>({
  name: GRADIENT,
  repairs: 'scales and pads by two operations',
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { block }, attrs: { scale, shape }, backend }) => {
      const numbers = [tf.scalar(scale), tf.tensor2d([block.shape, shape])]
      const tensors = execute(backend, { name: 'GpdLeadingBlockGradient', inputs: [block, ...numbers] })
      tf.dispose(numbers)
      return tensors[0]!
    },
})

/** Shapes of the inputs come with the attributes: only the blocks are at hand when the gradient is asked for. */
export const leadingBlocksDerivative: tf.GradConfig = {
  kernelName: leadingBlocks.name,
  gradFunc: (gradients, _, attrs) => {
    const { scales, shapes } = attrs as unknown as Attributes & { readonly shapes: readonly (readonly number[])[] }
    const ofTensor = (block: tf.Tensor, i: number) => () =>
      tf.engine().runKernel(GRADIENT, { block }, { scale: scales[i]!, shape: [...shapes[i]!] }) as tf.Tensor
    return Object.fromEntries((gradients as tf.Tensor[]).map((block, i) => [`tensor${i}`, ofTensor(block, i)]))
  },
}
