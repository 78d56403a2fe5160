import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluateFeatures, expectClose, useBackend } from '../testing/evaluate.ts'
import { contextOf, drawn, prepared, setupOf } from '../testing/features.ts'
import { vid, vidLoss } from './vid.ts'

const identity = (width: number): tf.Tensor4D => tf.reshape(tf.eye(width), [1, 1, width, width])
const values = async (x: tf.Tensor) => [...(await x.data())]

describe.each(backends)('vid on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('starts with the variance that was asked for, 5 by default', async () => {
    for (const [options, variance] of [
      [{}, 5],
      [{ variance: 0.5 }, 0.5],
    ] as const) {
      // prettier-ignore
      const { heads } = prepared(vid({ student: 'a', ...options }), setupOf({ a: [4, 4, 3] }, { a: [2, 2, 6] }))
      const scale = await values(heads['regressor0.log_scale']!)
      expect(scale).toHaveLength(6)
      expectClose([scale.map((x) => Math.log1p(Math.exp(x)) + 1e-5)], [scale.map(() => variance)], 1e-6)
      expect([0, 1, 2].map((i) => heads[`regressor0.${i}.weight`]!.shape)).toEqual([
        [1, 1, 3, 6],
        [1, 1, 6, 6],
        [1, 1, 6, 6],
      ])
      tf.dispose(Object.values(heads))
    }
  })

  it('is half the mean log-variance where the regression is exact, and may be negative', async () => {
    // Positive numbers pass the ReLUs; identity kernels leave them as they are.
    const map = { shape: [2, 3, 3, 4], data: drawn('map', [2, 3, 3, 4]).data.map((x) => Math.abs(x) + 0.1) }
    const logScale = [-3, -2, -1, 4]
    const { value } = await evaluateFeatures(
      ({ s, t, scale }) => {
        const kernels = [identity(4), identity(4), identity(4)]
        return vidLoss(s!, t!, { kernels, logScale: scale! })
      },
      { s: map, t: map, scale: { shape: [4], data: logScale } },
    )
    const variances = logScale.map((x) => Math.log1p(Math.exp(x)) + 1e-5)
    const expected = variances.reduce((sum, v) => sum + Math.log(v) / 8, 0)
    expect(expected).toBeLessThan(0)
    expectClose([[value]], [[expected]], 1e-5)
  })

  it('trains all of its heads: one step against the gradient lowers it', async () => {
    const loss = vid({ student: ['a', 'b'] })
    const shapes = { a: [4, 4, 3], b: [2, 2, 5] }
    const { heads } = prepared(loss, setupOf(shapes, shapes))
    const names = Object.keys(heads)
    expect(names).toHaveLength(8)
    const own = Object.fromEntries(
      await Promise.all(
        names.map(async (n) => [n, { shape: heads[n]!.shape, data: await values(heads[n]!) }] as const),
      ),
    )
    const maps = {
      'map/a': drawn('a', [3, 4, 4, 3]),
      'map/b': drawn('b', [3, 2, 2, 5]),
    }
    const run = (given: typeof own) =>
      evaluateFeatures(
        (x) => {
          const features = { a: x['map/a']!, b: x['map/b']! }
          const target = { a: tf.mul(x['map/a']!, 2), b: tf.sub(x['map/b']!, 1) }
          return loss.compute(contextOf(features, target, { heads: x }))
        },
        { ...given, ...maps },
      )
    const before = await run(own)
    const after = await run(
      Object.fromEntries(
        names.map((name) => {
          const gradient = before.gradients[name]!
          expect([name, gradient.some((g) => g !== 0)]).toEqual([name, true])
          return [name, { ...own[name]!, data: own[name]!.data.map((x, i) => x - 0.05 * gradient[i]!) }]
        }),
      ),
    )
    expect(after.value).toBeLessThan(before.value)
    tf.dispose(Object.values(heads))
  })
})
