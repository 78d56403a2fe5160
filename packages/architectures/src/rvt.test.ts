import { readFileSync } from 'node:fs'
import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { apply, countParameters, decodeSafetensors, useBackend } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { rvt } from './rvt.ts'
import { goldenFiles, relativeGap } from './testing/golden.ts'
import { fromTorch } from './torch.ts'

beforeAll(async () => {
  await useBackend('wasm')
})

const SMALL = { classes: 5, inputShape: [64, 64, 3], depth: [2], heads: [2], headWidth: 4 }

describe.each(goldenFiles(/^rvt_channel_\w+\.safetensors$/, 'gpd'))(
  '$name, a recorded run of the authors',
  ({ path }) => {
    const { tensors } = decodeSafetensors(readFileSync(path), { source: path })
    const recorded = (key: string) => tf.tensor(tensors.get(key)!.data as Float32Array, [...tensors.get(key)!.shape])
    const student = [...tensors].filter(([key]) => key.startsWith('student/'))
    const state = new Map(student.map(([key, tensor]) => [key.slice('student/'.length), tensor]))
    const network = rvt(SMALL)

    it('has the parameters of the authors, no more and no less', () => {
      const { missing, unexpected } = fromTorch(network, state)
      expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] })
    })

    it.each([
      ['eval0/plain_logits', false],
      // Before the first step and without noise the student of that run is the plain one.
      ['train0/student_logits', true],
    ] as const)('gives their %s', (key, training) => {
      const gap = tf.tidy(() => {
        const { parameters, statistics } = fromTorch(network, state)
        const x = tf.squeeze(tf.slice(recorded('data/x'), 0, 1), [0])
        return relativeGap(
          apply({ network, parameters, statistics }, x, { training }).outputs['logits']!,
          recorded(key),
        )
      })
      expect(gap).toBeLessThan(1e-5)
    })
  },
)

describe('rvt', () => {
  /** Parameters by hand: stem, blocks, pooling between stages, norm, head. */
  function count(depth: number[], heads: number[], headWidth: number, classes: number): number {
    const widths = heads.map((n) => n * headWidth)
    const conv = (k: number, i: number, o: number) => k * k * i * o + o
    const block = (c: number) =>
      4 * c + conv(1, c, 3 * c) + conv(1, c, c) + conv(1, c, 4 * c) + conv(3, 1, 4 * c) + conv(1, 4 * c, c) + 18 * c
    const blocks = depth.reduce((sum, n, stage) => sum + n * block(widths[stage]!), 0)
    const pools = widths.slice(1).reduce((sum, c) => sum + conv(3, 1, c), 0)
    const last = widths.at(-1)!
    return conv(7, 3, 32) + 64 + conv(4, 32, widths[0]!) + blocks + pools + 2 * last + conv(1, last, classes)
  }

  it.each([
    ['RVT-Ti', {}, count([10, 2], [6, 12], 32, 1000), 8.6],
    ['RVT-S', { depth: [12], heads: [6], headWidth: 64 }, count([12], [6], 64, 1000), 22.1],
  ])('%s has the parameters that its layers add up to, and the paper’s millions', (_, options, expected, millions) => {
    const parameters = countParameters(rvt({ classes: 1000, ...options }).parameters)
    expect(parameters).toBe(expected)
    expect(parameters / 1e6).toBeCloseTo(millions, 1)
  })

  it('has maps behind every block and every quarter', () => {
    const { taps, shapes } = rvt({ ...SMALL, depth: [3, 1], heads: [2, 4], inputShape: [64, 96, 3] })
    const shape = (tap: string) => shapes[taps[tap]!]
    expect(['layer1', 'layer3', 'layer4', 'block4', 'pool'].map(shape)).toEqual([
      [4, 6, 8],
      [4, 6, 8],
      [2, 3, 16],
      [2, 3, 16],
      [16],
    ])
  })

  it.each([
    [{ depth: [1, 1] }, /depth and heads: expected as many stages in both, got 2 and 1/],
    [{ patchSize: 6 }, /patchSize: expected a multiple of 4, got 6/],
    [{ inputShape: [8, 8, 3] }, /does not fit/],
  ])('refuses %o', (options, message) => expect(() => rvt({ ...SMALL, ...options })).toThrow(message))
})
