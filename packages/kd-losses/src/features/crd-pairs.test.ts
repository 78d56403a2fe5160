import { randomStream } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, labelTensor, useBackend } from '../testing/evaluate.ts'
import { POSITIVES, type CrdMode } from './crd-pairs.ts'

/** Classes of nine images; −1: not seen yet. */
const CLASSES = [2, 0, 2, -1, 1, 2, -1, 0, 2]

async function positives(mode: CrdMode, index: readonly number[], seed = 0): Promise<number[]> {
  const positions = tf.tidy(() => {
    const labels = labelTensor(index.map((i) => CLASSES[i]!))
    const classes = tf.tensor1d(CLASSES)
    return POSITIVES[mode]({ index: labelTensor(index), labels, classes, stream: randomStream(seed, 'crd') })
  })
  expect([positions.shape, positions.dtype]).toEqual([[index.length, 1], 'int32'])
  const values = [...(await positions.data())]
  positions.dispose()
  return values
}

describe.each(backends)('the positive of an image on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the image itself in the mode exact', async () => {
    expect(await positives('exact', [5, 0, 7])).toEqual([5, 0, 7])
  })

  it('is any image of its class in the mode relax, each equally often', async () => {
    const runs = 1500
    const counts = new Map<number, number>()
    for (let seed = 0; seed < runs; seed++) {
      const [single, ...others] = await positives('relax', [4, 0, 5], seed)
      expect(single).toBe(4)
      for (const i of others) counts.set(i, (counts.get(i) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual([0, 2, 5, 8])
    // 3000 draws of 4: 750 expected, standard deviation √(3000 · ¼ · ¾) = 23.7
    for (const count of counts.values()) expect(Math.abs(count - runs / 2)).toBeLessThan(4 * 23.7)
  })
})
