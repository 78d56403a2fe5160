import * as tf from '@tensorflow/tfjs'
import { accumulating, extraDerivative, inputInList, runExtraKernel } from '@gpdjs/core'
import { extraTensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const padded = (size: readonly number[], rank: number) => [...new Array<number>(rank - size.length).fill(1), ...size]

/** `[n, 2, rank]`: sizes of the blocks and of their tensors, with ones in front of those with fewer axes. */
function sizePairs(blocks: readonly (readonly number[])[], wholes: readonly (readonly number[])[]): tf.Tensor3D {
  const rank = Math.max(...wholes.map(({ length }) => length))
  return tf.tensor3d(wholes.map((whole, i) => [padded(blocks[i]!, rank), padded(whole, rank)]))
}

export const leadingBlocks = extraTensorflowKernel({
  name: 'LeadingBlocks',
  problem: 'slices and scales every tensor by operations of its own',
  needsOwnOperations: true,
  run: ({ inputs: { tensors }, attributes: { sizes, scales, shapes }, backend }) => {
    const n = scales.length
    const numbers = [tf.tensor1d([...scales]), sizePairs(sizes, shapes)]
    const inputs = [...numbers, ...tensors]
    const blocks = execute(backend, { name: 'GpdLeadingBlocks', inputs, outputs: n, ints: { n } })
    tf.dispose(numbers)
    return blocks
  },
})

export const leadingBlocksGradient = extraTensorflowKernel({
  name: 'LeadingBlocksGradient',
  problem: 'scales, pads and adds every block by operations of its own',
  needsOwnOperations: true,
  run: ({ inputs: { dys, known }, attributes: { scales, shapes }, backend }) => {
    const n = scales.length
    const onto = known.filter((tensor) => tensor !== undefined)
    const sizes = sizePairs(
      dys.map(({ shape }) => shape),
      shapes,
    )
    const isKnown = known.map((tensor) => Number(tensor !== undefined))
    const numbers = [tf.tensor1d([...scales]), tf.tensor1d(isKnown), sizes]
    const gradients = execute(backend, {
      name: 'GpdLeadingBlocksGradient',
      inputs: [...numbers, ...dys, ...onto],
      outputs: n,
      ints: { n, m: onto.length },
    })
    tf.dispose(numbers)
    return gradients
  },
})

/** What the gradient of an input of `LeadingBlocks` is made of. */
interface Share {
  readonly dy: tf.Tensor
  readonly scale: number
  readonly shape: readonly number[]
  readonly known?: tf.Tensor | undefined
}

const gradientsOf = (shares: readonly Share[]): tf.Tensor[] =>
  runExtraKernel(
    'LeadingBlocksGradient',
    { dys: shares.map(({ dy }) => dy), known: shares.map(({ known }) => known) },
    { scales: shares.map(({ scale }) => scale), shapes: shares.map(({ shape }) => shape) },
  )!

/** Shapes of the inputs come with the attributes: when the gradient is computed, the inputs may be disposed. */
export const leadingBlocksDerivative = extraDerivative({
  kernelName: 'LeadingBlocks',
  gradFunc: (dys, _, { scales, shapes }) => {
    const shares = new Map<string, Share>(
      dys.map((dy, i) => [inputInList('tensors', i), { dy, scale: scales[i]!, shape: shapes[i]! }]),
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
})
