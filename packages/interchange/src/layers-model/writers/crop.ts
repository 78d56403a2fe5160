import * as tf from '@tensorflow/tfjs'
import type { WrittenNode } from '../writer.ts'

/**
 * Entries `from` to `to` of the last axis but the batch's: `[rows, size]` → `[rows, to - from]`. Keras crops images only,
 * so the matrix is seen as one.
 */
export function cropColumns(
  { apply, name }: WrittenNode,
  x: tf.SymbolicTensor,
  [from, to]: readonly [number, number],
  part: string,
): tf.SymbolicTensor {
  const [rows, size] = x.shape.slice(1) as [number, number]
  const image = apply(tf.layers.reshape({ name: name(`${part}/image`), targetShape: [rows, size, 1] }), x)
  const cropping: [[number, number], [number, number]] = [
    [0, 0],
    [from, size - to],
  ]
  const cut = apply(tf.layers.cropping2D({ name: name(`${part}/cut`), cropping }), image)
  return apply(tf.layers.reshape({ name: name(part), targetShape: [rows, to - from] }), cut)
}
