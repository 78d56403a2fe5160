import type * as tf from '@tensorflow/tfjs'
import { repairOf, sumToShape, type GradientFunction } from './gradient-repair.ts'

type Binary = GradientFunction<tf.NamedAttrMap, [first: tf.Tensor, second: tf.Tensor]>

/** The stock gradients have the broadcast shape; this sums them to the shapes of the inputs `a` and `b`. */
const summed =
  (stock: Binary): Binary =>
  (dy, saved, attrs) => {
    const [a, b] = saved
    const gradients = stock(dy, saved, attrs)
    return {
      a: () => sumToShape(gradients['a']!(), a.shape),
      b: () => sumToShape(gradients['b']!(), b.shape),
    }
  }

const THROWS = 'throws when one input is broadcast'

/** Only x: alpha is summed already. */
const summedInput =
  (stock: Binary): Binary =>
  (dy, saved, attrs) => {
    const gradients = stock(dy, saved, attrs)
    return { ...gradients, x: () => sumToShape(gradients['x']!(), saved[0].shape) }
  }

export const maximum = repairOf('Maximum', THROWS, summed)
export const minimum = repairOf('Minimum', THROWS, summed)
export const squaredDifference = repairOf('SquaredDifference', THROWS, summed)
export const batchMatMul = repairOf('BatchMatMul', 'throws when one batch is broadcast', summed)
export const prelu = repairOf('Prelu', 'throws when x is broadcast', summedInput)
