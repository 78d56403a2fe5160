import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '../use-backend.ts'
import { randomStream, tensorOps } from '@gpdjs/core'

const { batchNorm, normalize } = tensorOps

const [ROWS, CHANNELS, EPSILON] = [60, 5, 1e-5]
const draw = (name: string, size: number, offset = 0) => {
  const stream = randomStream(0, 'batch-norm', name)
  return Float32Array.from({ length: size }, () => offset + stream.normal())
}
const column = (values: ArrayLike<number>, c: number) =>
  Array.from({ length: ROWS }, (_, row) => values[row * CHANNELS + c]!)
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

const [x, dy] = [draw('x', ROWS * CHANNELS, 3), draw('dy', ROWS * CHANNELS)]
const [scale, shift] = [draw('scale', CHANNELS), draw('shift', CHANNELS)]

/** The definition and the published closed form of the gradient, channel by channel in double precision. */
function reference(c: number) {
  const [xs, dys, gamma, beta] = [column(x, c), column(dy, c), scale[c]!, shift[c]!]
  const mean = sum(xs) / ROWS
  const variance = sum(xs.map((value) => (value - mean) ** 2)) / ROWS
  const normal = xs.map((value) => (value - mean) / Math.sqrt(variance + EPSILON))
  const dShift = sum(dys)
  const dScale = sum(dys.map((value, i) => value * normal[i]!))
  const y = normal.map((value) => gamma * value + beta)
  const dx = dys.map(
    (value, i) => (gamma / Math.sqrt(variance + EPSILON)) * (value - dShift / ROWS - (normal[i]! * dScale) / ROWS),
  )
  return { mean, variance, y, dx, dScale, dShift }
}

function expectNear(found: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5) {
  const scaleOf = Math.max(...expected.map(Math.abs))
  expected.forEach((value, i) => expect(Math.abs(found[i]! - value) / scaleOf).toBeLessThan(tolerance))
}

const tensors = () => [tf.tensor(x, [3, 4, 5, CHANNELS]), tf.tensor1d(scale), tf.tensor1d(shift)] as const
const gradients = (f: (x: tf.Tensor, scale: tf.Tensor1D, shift: tf.Tensor1D) => tf.Tensor) =>
  tf.grads(f as (...inputs: tf.Tensor[]) => tf.Tensor)([...tensors()], tf.tensor(dy, [3, 4, 5, CHANNELS]))

describe.each(['cpu', 'wasm'] as const)('batch normalization on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('normalizes with the moments of the batch, and returns them', () => {
    tf.tidy(() => {
      const { y, mean, variance } = batchNorm(...tensors(), EPSILON)
      for (let c = 0; c < CHANNELS; c++) {
        const expected = reference(c)
        expectNear([mean.dataSync()[c]!, variance.dataSync()[c]!], [expected.mean, expected.variance])
        expectNear(column(y.dataSync(), c), expected.y)
      }
    })
  })

  it('has the closed form as its gradient', () => {
    tf.tidy(() => {
      const [dx, dScale, dShift] = gradients((x, scale, shift) => batchNorm(x, scale, shift, EPSILON).y)
      for (let c = 0; c < CHANNELS; c++) {
        const expected = reference(c)
        expectNear(column(dx!.dataSync(), c), expected.dx, 2e-5)
        expectNear([dScale!.dataSync()[c]!, dShift!.dataSync()[c]!], [expected.dScale, expected.dShift], 2e-5)
      }
    })
  })

  it('agrees with core on moments that are far from zero', () => {
    tf.tidy(() => {
      const far = tf.add(tf.tensor(x, [ROWS, CHANNELS]), 1000)
      const { variance } = batchNorm(far, tf.tensor1d(scale), tf.tensor1d(shift), EPSILON)
      // x itself is only known to 1000 · 2^-24 here: an error of E[x²] − E[x]² would be a thousand times larger.
      for (let c = 0; c < CHANNELS; c++)
        expect(Math.abs(variance.dataSync()[c]! / reference(c).variance - 1)).toBeLessThan(1e-3)
    })
  })

  it('treats the moments it returns as constants', () => {
    tf.tidy(() => {
      const withMoments = gradients((x, scale, shift) => {
        const { y, mean, variance } = batchNorm(x, scale, shift, EPSILON)
        return tf.add(y, tf.add(mean, variance))
      })
      const without = gradients((x, scale, shift) => batchNorm(x, scale, shift, EPSILON).y)
      withMoments.forEach((gradient, i) => expect(gradient.dataSync()).toEqual(without[i]!.dataSync()))
    })
  })

  it('normalizes with given moments, which are constants', () => {
    tf.tidy(() => {
      const [mean, variance] = [tf.tensor1d([1, 2, 3, 4, 5]), tf.tensor1d([1, 4, 0.25, 2, 3])]
      const f = (x: tf.Tensor, scale: tf.Tensor1D, shift: tf.Tensor1D) =>
        normalize(x, mean, variance, scale, shift, EPSILON)
      const y = f(...tensors()).dataSync()
      const [dx, dScale, dShift] = gradients(f).map((gradient) => gradient.dataSync())
      for (let c = 0; c < CHANNELS; c++) {
        const inverse = 1 / Math.sqrt([1, 4, 0.25, 2, 3][c]! + EPSILON)
        const normal = column(x, c).map((value) => (value - (c + 1)) * inverse)
        expectNear(
          column(y, c),
          normal.map((value) => value * scale[c]! + shift[c]!),
        )
        expectNear(
          column(dx!, c),
          column(dy, c).map((value) => value * scale[c]! * inverse),
        )
        expectNear(
          [dScale![c]!, dShift![c]!],
          [sum(column(dy, c).map((value, i) => value * normal[i]!)), sum(column(dy, c))],
          2e-5,
        )
      }
    })
  })

  it('leaks nothing, with and without a tape', () => {
    const before = tf.memory().numTensors
    tf.tidy(() => void batchNorm(...tensors(), EPSILON))
    tf.tidy(() => void gradients((x, scale, shift) => batchNorm(x, scale, shift, EPSILON).y))
    tf.tidy(() => void gradients((x, scale, shift) => normalize(x, shift, scale, scale, shift, EPSILON)))
    expect(tf.memory().numTensors).toBe(before)
  })
})
