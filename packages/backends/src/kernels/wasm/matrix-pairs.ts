import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'

/** Pairs of matrices of a and b that are multiplied: indices of the first pair, and steps of 0 or 1 to the next. */
export interface Run {
  readonly a: number
  readonly b: number
  readonly count: number
  readonly aStep: number
  readonly bStep: number
}

/** Index of a matrix in a broadcast batch; along axes of size one it is always 0. */
function batchIndex(index: number, outer: readonly number[], own: readonly number[]): number {
  let [offset, stride, rest] = [0, 1, index]
  for (let axis = outer.length - 1; axis >= 0; axis--) {
    const size = own[axis - outer.length + own.length] ?? 1
    offset += (size === 1 ? 0 : rest % outer[axis]!) * stride
    stride *= size
    rest = Math.floor(rest / outer[axis]!)
  }
  return offset
}

/** Which matrices are multiplied, in the order of the products. */
export function matrixPairs(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
): { readonly outer: number[]; readonly runs: readonly Run[] } {
  const [aOuter, bOuter] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(aOuter, bOuter)
  const count = sizeOf(outer)
  const [aCount, bCount] = [sizeOf(aOuter), sizeOf(bOuter)]
  const isEven = (own: number) => own === count || own === 1
  if (isEven(aCount) && isEven(bCount))
    return { outer, runs: [{ a: 0, b: 0, count, aStep: aCount === 1 ? 0 : 1, bStep: bCount === 1 ? 0 : 1 }] }
  const runs = Array.from({ length: count }, (_, i) => ({
    a: batchIndex(i, outer, aOuter),
    b: batchIndex(i, outer, bOuter),
    count: 1,
    aStep: 0,
    bStep: 0,
  }))
  return { outer, runs }
}

/** The pairs of matrices one by one, `i` being that of the product. */
export function forEachPair(runs: readonly Run[], f: (a: number, b: number, i: number) => void): void {
  let next = 0
  for (const { a, b, count, aStep, bStep } of runs)
    for (let i = 0; i < count; i++) f(a + i * aStep, b + i * bStep, next++)
}
