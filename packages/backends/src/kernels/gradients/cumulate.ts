import * as tf from '@tensorflow/tfjs'
import { gradientRepair } from './gradient-repair.ts'

interface Attributes {
  readonly axis: number
  readonly exclusive: boolean
  readonly reverse: boolean
}

/** The gradient of a running sum is the running sum of dy the other way. */
export const cumsum = gradientRepair<Attributes>({
  kernel: 'Cumsum',
  problem: 'permutes its result when the axis is not the last: throws, or is silently wrong for a square tensor',
  create:
    () =>
    (dy, _, { axis, exclusive, reverse }) => ({ x: () => tf.cumsum(dy, axis, exclusive, !reverse) }),
})

/**
 * For running products from the first to the last, `dx[j] = p[j] · s[j]` with `p` the exclusive products of x and
 * `s[j] = dy[j] + x[j+1] · s[j+1]`; for exclusive products `s[j] = dy[j+1] + x[j+1] · s[j+1]`. No division: x may be 0.
 */
function productGradient(dy: tf.Tensor, x: tf.Tensor, axis: number, exclusive: boolean): tf.Tensor {
  const [values, gradients] = [tf.unstack(x, axis), tf.unstack(dy, axis)]
  const sums: tf.Tensor[] = []
  for (let j = values.length - 1; j >= 0; j--) {
    const [next, later] = [values[j + 1], sums[0]]
    const rest = next === undefined || later === undefined ? tf.zerosLike(gradients[j]!) : tf.mul(next, later)
    const own = exclusive ? gradients[j + 1] : gradients[j]
    sums.unshift(own === undefined ? rest : tf.add(own, rest))
  }
  return tf.mul(tf.cumprod(x, axis, true), tf.stack(sums, axis))
}

export const cumprod = gradientRepair<Attributes, [x: tf.Tensor]>({
  kernel: 'Cumprod',
  problem: 'is missing',
  inputsToSave: ['x'],
  create:
    () =>
    (dy, [x], { axis, exclusive, reverse }) => {
      const turn = (tensor: tf.Tensor) => (reverse ? tf.reverse(tensor, axis) : tensor)
      return { x: () => turn(productGradient(turn(dy), turn(x), axis, exclusive)) }
    },
})
