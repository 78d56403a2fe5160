import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'

/** A part of a tensor. */
export interface LeadingBlock {
  readonly tensor: tf.Tensor
  /** Entries along each axis, from the first on. */
  readonly size: readonly number[]
  /** Factor of the block. */
  readonly scale: number
}

function compose({ tensor, size, scale }: LeadingBlock): tf.Tensor {
  const whole = tf.util.arraysEqual(tensor.shape, [...size])
  const block = whole
    ? tensor
    : tf.slice(
        tensor,
        size.map(() => 0),
        [...size],
      )
  return scale === 1 ? block : tf.mul(block, scale)
}

/**
 * Leading blocks of many tensors at once: `scale · tensor[: size[0], : size[1], …]`. Differentiable.
 *
 * @param blocks float32 tensors of any rank ≥ 1, each with sizes at most its own
 * @returns one block for each, in their order
 * @example leadingBlocks([{ tensor: tf.ones([4, 4]), size: [2, 2], scale: 2 }]) // [[[2, 2], [2, 2]]]
 */
export function leadingBlocks(blocks: readonly LeadingBlock[]): tf.Tensor[] {
  if (blocks.length === 0) return []
  const tensors = blocks.map(({ tensor }) => tensor)
  const known = runExtraKernel(
    'LeadingBlocks',
    { tensors },
    {
      sizes: blocks.map(({ size }) => size),
      scales: blocks.map(({ scale }) => scale),
      shapes: tensors.map(({ shape }) => shape),
    },
  )
  return known ?? blocks.map(compose)
}
