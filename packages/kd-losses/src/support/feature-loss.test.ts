import { isGpdError } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { at } from '../features/at.ts'
import { fitnet } from '../features/fitnet.ts'
import { nd } from '../features/nd.ts'
import { nst } from '../features/nst.ts'
import { pkt } from '../features/pkt.ts'
import { reviewKd } from '../features/review-kd.ts'
import { rkd } from '../features/rkd.ts'
import { sp } from '../features/sp.ts'
import { vid } from '../features/vid.ts'
import { losses } from '../losses.ts'
import { contextOf, prepared, setupOf } from '../testing/features.ts'

beforeAll(() => tf.setBackend('cpu'))

const map = (batch: number, ...shape: number[]) => tf.ones([batch, ...shape])
const tensors = {
  map: map(4, 3, 3, 2),
  wide: map(4, 3, 3, 6),
  vector: map(4, 2),
  pool: map(4, 7),
  one: map(1, 2),
  two: map(2, 2),
  oneMap: map(1, 3, 3, 2),
}
afterAll(() => tf.dispose(Object.values(tensors)))

const { map: m, wide, vector, pool, one, two, oneMap } = tensors
const on = (x: tf.Tensor, y: tf.Tensor) => contextOf({ a: x }, { b: y })
const taps = { student: 'a', teacher: 'b' }

const convolved = fitnet({ ...taps, regressor: 'convolution' })

const refusals: [string, () => unknown, string, RegExp][] = [
  ['a tap that the student lacks', () => sp({ student: 'layer3' }).compute(contextOf({ layer2: m }, { layer3: m })), 'network.invalid', /sp: the student has no tap 'layer3'\. Did you mean 'layer2'\? Known: layer2/], // prettier-ignore
  ['a tap that the teacher lacks', () => rkd().compute(contextOf({ pool }, { layer: m })), 'network.invalid', /rkd: the teacher has no tap 'pool'\. Known: layer/], // prettier-ignore
  ['other shapes, and offers a projector', () => fitnet(taps).compute(on(m, wide)), 'network.shape', /fitnet: .* student 'a' \[4, 3, 3, 2\] and teacher 'b' \[4, 3, 3, 6\]\. Use a regressor: 'convolution'/], // prettier-ignore
  ['other shapes before training', () => fitnet(taps).prepare?.(setupOf({ a: [3, 3, 2] }, { b: [3, 3, 6] })), 'network.shape', /student 'a' \[batch, 3, 3, 2\] and teacher 'b' \[batch, 3, 3, 6\]/], // prettier-ignore
  ['other widths', () => nd({ ...taps, project: false }).compute(on(vector, pool)), 'network.shape', /nd: .*project: true/], // prettier-ignore
  ['a map that is smaller by another factor than 2, and offers to resize it', () => convolved.prepare?.(setupOf({ a: [2, 2, 3] }, { b: [5, 5, 3] })), 'network.shape', /fitnet: expected a map of the student at least as large .* student 'a' \[batch, 2, 2, 3\] and teacher 'b' \[batch, 5, 5, 3\]\. Use regressor: 'pointwise'/], // prettier-ignore
  ['a ReLU regressor before an activation', () => fitnet({ student: 'a', teacher: 'b.preactivation', regressor: 'convolution' }), 'config.invalid', /got 'b\.preactivation'.*Use relu: false, or the tap 'b'/], // prettier-ignore
  ['vectors for a convolution', () => convolved.prepare?.(setupOf({ a: [2] }, { b: [2] })), 'network.shape', /fitnet: expected maps/], // prettier-ignore
  ['one image for batch normalization', () => convolved.compute(on(oneMap, oneMap)), 'data.mismatch', /fitnet: .*at least 2 images/], // prettier-ignore
  ['vectors where maps are wanted', () => at(taps).compute(on(m, vector)), 'network.shape', /at: expected maps .* teacher 'b' \[4, 2\]\. Name taps before the pooling/], // prettier-ignore
  ['vectors where maps are wanted', () => nst(taps).prepare?.(setupOf({ a: [2] }, { b: [2] })), 'network.shape', /nst: expected maps/], // prettier-ignore
  ['other batches', () => pkt(taps).compute(on(vector, two)), 'network.shape', /pkt: expected as many samples on both sides, got student 'a' \[4, 2\] and teacher 'b' \[2, 2\]/], // prettier-ignore
  ['one image', () => sp(taps).compute(on(one, one)), 'data.mismatch', /at least 2 images to compare, got 1/],
  ['one image', () => pkt(taps).compute(on(one, one)), 'data.mismatch', /at least 2 images/],
  ['two images', () => rkd(taps).compute(on(two, two)), 'data.mismatch', /at least 3 images to compare, got 2/],
  ['one image', () => reviewKd(taps).compute(on(one, one)), 'data.mismatch', /at least 2 images/],
  ['a side that names fewer taps', () => at({ student: ['a', 'b'], teacher: 'c' }), 'config.invalid', /got 2 of the student and 1 of the teacher/], // prettier-ignore
  ['no tap where there is no default', () => losses['at']?.(), 'config.missing', /at: student: expected a tap/],
  ['a tap that is no name', () => losses['at']?.({ student: 3 }), 'config.invalid', /a list of taps, got 3/],
  ['an empty list', () => losses['at']?.({ student: [] }), 'config.invalid', /student: expected a tap/],
  ['another option', () => losses['rkd']?.({ distances: 3 }), 'config.unknown-key', /Did you mean 'distance'/],
  ['a flag that is none', () => losses['nd']?.({ project: 1 }), 'config.invalid', /true or false/],
  ['heads that nobody made', () => vid(taps).compute(on(m, wide)), 'plugin.invalid', /'regressor0.0.weight' in context.heads, got none/], // prettier-ignore
  ['heads that nobody made', () => fitnet({ ...taps, regressor: 'pointwise' }).compute(on(m, wide)), 'plugin.invalid', /projector0.weight/], // prettier-ignore
  [
    'two taps for one set of class means',
    () => nd({ student: ['a', 'b'] }),
    'config.invalid',
    /expected one tap, got 2/,
  ],
  ['an unknown loss to standardize', () => losses['standardized']?.({ loss: 'dk' }), 'config.invalid', /Did you mean 'kd'|Did you mean 'dkd'/], // prettier-ignore
]

describe('a loss of features refuses', () => {
  it.each(refusals)('%s', (_, attempt, code, message) => {
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.toSatisfy((error) => isGpdError(error) && error.code === code))
  })
})

describe('a loss of features', () => {
  it('names its taps, the same on both sides unless told otherwise', () => {
    expect(at({ student: ['a', 'b'] }).taps).toEqual({ student: ['a', 'b'], teacher: ['a', 'b'] })
    expect(sp({ student: 'a', teacher: 'c' }).taps).toEqual({ student: ['a'], teacher: ['c'] })
    expect(pkt().taps).toEqual({ student: ['pool'], teacher: ['pool'] })
  })

  it('adds up its pairs', async () => {
    const [x, y] = [tf.randomUniform([3, 4, 4, 2]), tf.randomUniform([3, 4, 4, 2])]
    const context = contextOf({ a: x, b: y }, { a: y, b: tf.zerosLike(y) })
    const value = async (student: string | string[]) => (await at({ student }).compute(context).data())[0]!
    expect(await value(['a', 'b'])).toBeCloseTo((await value('a')) + (await value('b')), 6)
  })

  it('is 0 for equal maps with a regressor that changes nothing', async () => {
    const x = tf.randomUniform([3, 4, 4, 2])
    const loss = fitnet({ student: 'a', regressor: 'pointwise' })
    const value = async (kernel: tf.Tensor) =>
      (await loss.compute(contextOf({ a: x }, { a: x }, { heads: { 'projector0.weight': kernel } })).data())[0]!
    expect(await value(tf.eye(2))).toBe(0)
    expect(await value(tf.mul(tf.eye(2), 2))).toBeGreaterThan(0.1)
  })

  it('with a projector takes maps of any size and width, and vectors', async () => {
    const loss = fitnet({ student: ['a', 'c'], teacher: ['b', 'd'], regressor: 'pointwise' })
    const setup = setupOf({ a: [8, 6, 3], c: [9] }, { b: [4, 4, 5], d: [2] })
    const { heads } = prepared(loss, setup)
    expect(Object.entries(heads).map(([name, { shape }]) => [name, shape])).toEqual([
      ['projector0.weight', [3, 5]],
      ['projector1.weight', [9, 2]],
    ])
    const context = contextOf(
      { a: tf.ones([2, 8, 6, 3]), c: tf.ones([2, 9]) },
      { b: tf.zeros([2, 4, 4, 5]), d: tf.zeros([2, 2]) },
      { heads },
    )
    // Ones through a linear map are the column sums of its kernel, wherever they stand.
    const meanSquare = (kernel: tf.Tensor) => tf.mean(tf.square(tf.sum(kernel, 0)))
    const expected = tf.add(meanSquare(heads['projector0.weight']!), meanSquare(heads['projector1.weight']!))
    expect((await loss.compute(context).data())[0]).toBeCloseTo((await expected.data())[0]!, 5)
  })
})
