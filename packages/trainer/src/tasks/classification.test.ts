import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import { describe, expect, it } from 'vitest'
import { classification } from './classification.ts'
import { multiLabel } from './multi-label.ts'

const accuracyOf = (logits: number[][], labels: number[]) =>
  tf.tidy(() => {
    const { acc } = classification().measure({ logits: tf.tensor2d(logits), labels: tf.tensor1d(labels, 'int32') })
    return acc!.dataSync()[0]
  })

describe.each(['cpu', 'wasm'] as const)('accuracy on %s', (backend) => {
  it('is the share of rows whose largest logit is the label', async () => {
    await useBackend(backend)
    const logits = [
      [3, 1],
      [-2, -1],
      [3e38, -3e38],
      [0, 5],
    ]
    expect(accuracyOf(logits, [0, 1, 0, 0])).toBe(0.75)
  })

  it.each([NaN, Infinity, -Infinity])('counts no row with %d as right', async (value) => {
    await useBackend(backend)
    for (const label of [0, 1]) expect(accuracyOf([[value, value]], [label])).toBe(0)
    for (const label of [0, 1]) expect(accuracyOf([[1, value]], [label])).toBe(0)
    expect(accuracyOf([[value, 1], [1, 2]], [0, 1])).toBe(0.5) // prettier-ignore
  })

  it.each([NaN, Infinity, -Infinity])('of several labels counts none with %d as right', async (value) => {
    await useBackend(backend)
    for (const label of [0, 1]) {
      const acc = tf.tidy(() => {
        const rows = { logits: tf.tensor2d([[value, label - 0.5]]), labels: tf.tensor2d([[label, label]]) }
        return multiLabel().measure(rows).acc!.dataSync()[0]
      })
      expect(acc).toBe(0.5)
    }
  })
})
