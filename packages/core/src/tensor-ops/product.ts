import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'
import { sizeOf } from '../shape.ts'
import { customGradient } from './custom-gradient.ts'

/** Sizes of the matrices that the tensors are reshaped to. */
interface Sizes {
  readonly batch: number
  readonly rows: number
  readonly depth: number
  readonly columns: number
}

function sizesOf(a: readonly number[], b: readonly number[], batchAxes: number): Sizes {
  return {
    batch: sizeOf(a.slice(0, batchAxes)),
    rows: sizeOf(a.slice(batchAxes, -1)),
    depth: a.at(-1)!,
    columns: sizeOf(b.slice(batchAxes + 1)),
  }
}

/** `a` as `[batch, rows, depth]`, and so on. */
const matrices = (x: tf.Tensor, batch: number, rows: number, columns: number): tf.Tensor =>
  batch === 1 ? tf.reshape(x, [rows, columns]) : tf.reshape(x, [batch, rows, columns])

function compose(a: tf.Tensor, b: tf.Tensor, { batch, rows, depth, columns }: Sizes, shape: number[]): tf.Tensor {
  const product = tf.matMul(matrices(a, batch, rows, depth), matrices(b, batch, depth, columns))
  return tf.reshape(product, shape)
}

function composeGradient(dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor, sizes: Sizes): [da: tf.Tensor, db: tf.Tensor] {
  const { batch, rows, depth, columns } = sizes
  const gradient = matrices(dy, batch, rows, columns)
  return [
    tf.reshape(tf.matMul(gradient, matrices(b, batch, depth, columns), false, true), a.shape),
    tf.reshape(tf.matMul(matrices(a, batch, rows, depth), gradient, true, false), b.shape),
  ]
}

/**
 * Contracts the last axis of one tensor with the first of another, `[…, m] · [m, …]`: a product of matrices that needs no
 * reshapes.
 *
 * @param batchAxes how many leading axes are a batch of products instead. Default 0
 * @example
 * product(tf.ones([4, 5]), tf.ones([5, 9, 3])) // all 5, [4, 9, 3]
 * product(tf.ones([4, 9, 8]), tf.ones([4, 8, 3]), 1) // all 8, [4, 9, 3]
 */
export function product(a: tf.Tensor, b: tf.Tensor, batchAxes = 0): tf.Tensor {
  const sizes = sizesOf(a.shape, b.shape, batchAxes)
  const shape = [...a.shape.slice(0, -1), ...b.shape.slice(batchAxes + 1)]
  return customGradient((a: tf.Tensor, b: tf.Tensor) => ({
    value: runExtraKernel('Product', { a, b }, { ...sizes, shape })?.[0] ?? compose(a, b, sizes, shape),
    saved: [a, b],
    gradients: (dy, [a, b]) =>
      runExtraKernel('ProductGradient', { dy, a, b }, sizes) ?? composeGradient(dy, a, b, sizes),
  }))(a, b)
}
