import * as tf from '@tensorflow/tfjs'
import { accumulating } from '../accumulating-gradient.ts'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

/** Factors of the blocks and shapes of the tensors; as many as there are tensors. */
interface Attributes {
  readonly scales: readonly number[]
  readonly shapes: readonly (readonly number[])[]
}

/** Sizes of the blocks that are taken. */
interface Taking extends Attributes {
  readonly sizes: readonly (readonly number[])[]
}

const padded = (size: readonly number[], rank: number) => [...new Array<number>(rank - size.length).fill(1), ...size]

/** `[n, 2, rank]`: sizes of the blocks and of their tensors, with ones in front of those with fewer axes. */
function sizePairs(blocks: readonly (readonly number[])[], wholes: readonly (readonly number[])[]): tf.Tensor3D {
  const rank = Math.max(...wholes.map(({ length }) => length))
  return tf.tensor3d(wholes.map((whole, i) => [padded(blocks[i]!, rank), padded(whole, rank)]))
}

export const leadingBlocks = tensorflowKernel<string, Taking>({
  name: 'LeadingBlocks',
  repairs: 'slices and scales every tensor by operations of its own',
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs, attrs: { sizes, scales, shapes }, backend }) => {
      const n = scales.length
      const numbers = [tf.tensor1d([...scales]), sizePairs(sizes, shapes)]
      const tensors = scales.map((_, i) => inputs[`tensor${i}`]!)
      const blocks = execute(backend, {
        name: 'GpdLeadingBlocks',
        inputs: [...numbers, ...tensors],
        outputs: n,
        ints: { n },
      })
      tf.dispose(numbers)
      return blocks
    },
})

const isGiven = (tensor: tf.TensorInfo | undefined): tensor is tf.TensorInfo => tensor !== undefined

export const leadingBlocksGradient = tensorflowKernel<string, Attributes>({
  name: 'LeadingBlocksGradient',
  repairs: 'scales, pads and adds every block by operations of its own',
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs, attrs: { scales, shapes }, backend }) => {
      const n = scales.length
      const blocks = scales.map((_, i) => inputs[`dy${i}`]!)
      const known = scales.map((_, i) => inputs[`known${i}`])
      const onto = known.filter(isGiven)
      const sizes = sizePairs(
        blocks.map(({ shape }) => shape),
        shapes,
      )
      const numbers = [tf.tensor1d([...scales]), tf.tensor1d(known.map((tensor) => Number(isGiven(tensor)))), sizes]
      const gradients = execute(backend, {
        name: 'GpdLeadingBlocksGradient',
        inputs: [...numbers, ...blocks, ...onto],
        outputs: n,
        ints: { n, m: onto.length },
      })
      tf.dispose(numbers)
      return gradients
    },
})

/** What an input of `LeadingBlocks` is to get. */
interface Share {
  readonly dy: tf.Tensor
  readonly scale: number
  readonly shape: readonly number[]
  readonly known?: tf.Tensor | undefined
}

function gradientsOf(shares: readonly Share[]): tf.Tensor[] {
  const inputs = shares.flatMap(({ dy, known }, i) => [[`dy${i}`, dy], ...(known ? [[`known${i}`, known]] : [])])
  const attributes = { scales: shares.map(({ scale }) => scale), shapes: shares.map(({ shape }) => shape) }
  return tf
    .engine()
    .runKernel(
      leadingBlocksGradient.name,
      Object.fromEntries(inputs) as tf.NamedTensorMap,
      attributes as unknown as tf.NamedAttrMap,
    ) as tf.Tensor[]
}

/** Shapes of the inputs come with the attributes: only the blocks are at hand when the gradient is asked for. */
export const leadingBlocksDerivative: tf.GradConfig = {
  kernelName: leadingBlocks.name,
  gradFunc: (dys, _, attrs) => {
    const { scales, shapes } = attrs as unknown as Attributes
    const shares = new Map<string, Share>(
      [dys].flat().map((dy, i) => [`tensor${i}`, { dy, scale: scales[i]!, shape: shapes[i]! }]),
    )
    return accumulating(
      Object.fromEntries([...shares].map(([name, share]) => [name, () => gradientsOf([share])[0]!])),
      (known) => {
        const names = Object.keys(known)
        const sums = gradientsOf(names.map((name) => ({ ...shares.get(name)!, known: known[name] })))
        return Object.fromEntries(names.map((name, i) => [name, sums[i]!]))
      },
    )
  },
}
