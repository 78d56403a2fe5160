import { tensorOps } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluateFeatures, expectClose, toTensor, useBackend } from '../testing/evaluate.ts'
import { drawn } from '../testing/features.ts'
import { mean } from '../testing/plain-math.ts'
import { poolToSmaller } from './resample.ts'

const { adaptiveAveragePool, resizeNearest } = tensorOps

type Size = readonly [number, number]

/** Every bin's mean, position by position. */
function pooled(x: readonly number[], [height, width]: Size, channels: number, [rows, columns]: Size): number[] {
  const bins = (from: number, to: number) =>
    Array.from({ length: to }, (_, i) => {
      const first = Math.floor((i * from) / to)
      return Array.from({ length: Math.ceil(((i + 1) * from) / to) - first }, (_, j) => first + j)
    })
  return bins(height, rows).flatMap((ys) =>
    bins(width, columns).flatMap((xs) =>
      Array.from({ length: channels }, (_, c) =>
        mean(ys.flatMap((y) => xs.map((column) => x[(y * width + column) * channels + c]!))),
      ),
    ),
  )
}

const resizings = [
  ['pooling', adaptiveAveragePool],
  ['nearest', resizeNearest],
] as const

describe.each(backends)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each([
    [
      [8, 8],
      [4, 4],
    ],
    [
      [7, 7],
      [4, 4],
    ],
    [
      [7, 5],
      [4, 2],
    ],
    [
      [6, 9],
      [1, 4],
    ],
    [
      [3, 3],
      [3, 2],
    ],
  ] as const)('pools %j to %j by bins that overlap where they must', async (from, to) => {
    // prettier-ignore
    const x = drawn('map', [1, ...from, 3])
    const y = adaptiveAveragePool(toTensor('x', x) as tf.Tensor4D, to)
    expect(y.shape).toEqual([1, ...to, 3])
    expectClose([[...(await y.data())]], [pooled(x.data, from, 3, to)], 1e-6)
  })

  it('copies the nearest position', async () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1])
    const y = await resizeNearest(x, [4, 3]).data()
    expect([...y]).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
    expect([...(await resizeNearest(x, [1, 2]).data())]).toEqual([1, 2])
  })

  it.each(resizings)('has the adjoint as its gradient: %s', async (_, resize) => {
    for (const [from, to] of [
      [
        [7, 5],
        [4, 2],
      ],
      [
        [2, 3],
        [5, 7],
      ],
    ] as const) {
      // prettier-ignore
      // Linear in x, so the gradient of ⟨resize(x), y⟩ at any x has the product ⟨gradient, z⟩ = ⟨resize(z), y⟩ for all z.
      const [x, z, y] = [drawn('x', [2, ...from, 3]), drawn('z', [2, ...from, 3]), drawn('y', [2, ...to, 3])]
      const value = (map: tf.Tensor, by: tf.Tensor) => tf.sum(tf.mul(resize(map as tf.Tensor4D, to), by)) as tf.Scalar
      const { gradients } = await evaluateFeatures((t) => value(t['map']!, t['by']!), { map: x, by: y })
      const expected = await evaluateFeatures((t) => value(t['map']!, t['by']!), { map: z, by: y })
      const product = gradients['map']!.reduce((sum, g, i) => sum + g * z.data[i]!, 0)
      expectClose([[product]], [[expected.value]], 1e-5, 1)
    }
  })

  it('brings two maps to the smaller height and the smaller width', () => {
    const [a, b] = poolToSmaller(tf.zeros([2, 8, 3, 5]), tf.zeros([2, 4, 6, 7]))
    expect([a.shape, b.shape]).toEqual([
      [2, 4, 3, 5],
      [2, 4, 3, 7],
    ])
  })
})
