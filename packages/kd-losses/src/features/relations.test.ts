import type * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluateFeatures, expectClose, useBackend, type Values } from '../testing/evaluate.ts'
import { drawn, mapped, permuted, rotated } from '../testing/features.ts'
import { atLoss } from './at.ts'
import { nstLoss } from './nst.ts'
import { pktLoss } from './pkt.ts'
import { rkdLoss } from './rkd.ts'
import { spLoss } from './sp.ts'

type Loss = (student: tf.Tensor, teacher: tf.Tensor) => tf.Scalar

const run = (loss: Loss, s: Values, t: Values) => evaluateFeatures((x) => loss(x['s']!, x['t']!), { s, t })

const [VECTOR, OTHER_VECTOR] = [drawn('student', [6, 8]), drawn('teacher', [6, 5])]
const [MAP, OTHER_MAP] = [drawn('student', [4, 6, 6, 5]), drawn('teacher', [4, 4, 3, 7])]

const scaled = (by: number) => (x: Values) => mapped(x, (value) => by * value)
const moved = (x: Values) => mapped(x, (value, i) => value + (i % x.shape.at(-1)!))
const turned = (x: Values) => rotated(x, 1)
const shuffled = (x: Values) => permuted(x, [...Array(x.shape.at(-1)!).keys()].reverse())
const scaledByRow = (x: Values) => {
  const size = x.data.length / x.shape[0]!
  return mapped(x, (value, i) => (1 + Math.floor(i / size)) * value)
}
const scaledByChannel = (x: Values) => mapped(x, (value, i) => (1 + (i % x.shape.at(-1)!)) * value)

/** What changes nothing, by loss. Sizes and channel counts of the two sides differ in all of them. */
const invariances: [string, Loss, Values, Values, Record<string, (x: Values) => Values>][] = [
  ['rkd', rkdLoss, VECTOR, OTHER_VECTOR, { rotation: turned, scale: scaled(3), shift: moved, order: shuffled }],
  ['pkt', pktLoss, VECTOR, OTHER_VECTOR, { 'scale of each image': scaledByRow, rotation: turned, order: shuffled }],
  ['sp', spLoss, MAP, OTHER_MAP, { scale: scaled(-3), rotation: turned, order: shuffled }],
  ['at', atLoss, MAP, OTHER_MAP, { 'scale of each image': scaledByRow, sign: scaled(-1), order: shuffled }],
  ['nst', nstLoss, MAP, OTHER_MAP, { 'scale of each channel': scaledByChannel, order: shuffled }],
]

describe.each(backends)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each(invariances)('%s does not depend on what it should not', async (_, loss, s, t, changes) => {
    const expected = await run(loss, s, t)
    expect(expected.value).toBeGreaterThan(1e-4)
    expect(Object.keys(expected.gradients)).toEqual(['s'])
    for (const [name, change] of Object.entries(changes)) {
      for (const actual of [await run(loss, change(s), t), await run(loss, s, change(t))]) {
        expect([name, Math.abs(actual.value / expected.value - 1) < 2e-5]).toEqual([name, true])
      }
    }
    // It does depend on something: the values of one image.
    const other = await run(
      loss,
      mapped(s, (value, i) => (i < s.data.length / s.shape[0]! ? value ** 2 - 1 : value)),
      t,
    )
    expect(Math.abs(other.value / expected.value - 1)).toBeGreaterThan(1e-3)
  })

  it.each(invariances)('%s is 0 where the features are equal, and above otherwise', async (_, loss, s, t) => {
    const { value, gradients } = await run(loss, s, s)
    expectClose([[value]], [[0]], 1e-6, 1)
    expectClose([gradients['s']!], [s.data.map(() => 0)], 1e-6, 1)
    expect((await run(loss, s, t)).value).toBeGreaterThan(0)
    expect((await run(loss, t, s)).value).toBeGreaterThan(0)
  })

  it.each(invariances)('%s stays finite where features are 0 or equal to each other', async (_, loss, s, t) => {
    const size = s.data.length / s.shape[0]!
    const repeated = mapped(s, (value, i) => (i < 2 * size ? s.data[i % size]! : value))
    const dead = mapped(s, () => 0)
    for (const x of [repeated, dead]) {
      const { value, gradients } = await run(loss, x, t)
      expect(Number.isFinite(value)).toBe(true)
      expect(gradients['s']!.every((g) => Math.abs(g) < 1e4)).toBe(true)
    }
  })
})

describe.each(backends)('atLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each([1, 2, 3])('is the definition for p = %d', async (power) => {
    const [s, t] = [drawn('s', [2, 2, 2, 3]), drawn('t', [2, 2, 2, 4])]
    const attention = ({ data, shape }: Values, image: number) => {
      const channels = shape[3]!
      const sums = [0, 1, 2, 3].map((position) =>
        data
          .slice((image * 4 + position) * channels, (image * 4 + position + 1) * channels)
          .reduce((sum, x) => sum + Math.abs(x) ** power / channels, 0),
      )
      return sums.map((x) => x / Math.hypot(...sums))
    }
    const differences = [0, 1].flatMap((b) => attention(s, b).map((x, i) => x - attention(t, b)[i]!))
    const expected = differences.reduce((sum, x) => sum + x * x, 0) / differences.length
    const actual = await run((a, b) => atLoss(a, b, { power }), s, t)
    expectClose([[actual.value]], [[expected]], 1e-5)
    expect(actual.gradients['s']!.every(Number.isFinite)).toBe(true)
  })
})
