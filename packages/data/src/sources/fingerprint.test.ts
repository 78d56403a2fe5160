import * as tf from '@tensorflow/tfjs'
import type { BatchSource } from '@gpdjs/core'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ImageSet } from '../images/image-set.ts'
import { imageSource } from './image-source.ts'
import { source } from './source.ts'
import { tensorSource } from './tensor-source.ts'

beforeAll(() => tf.setBackend('cpu'))

let before = 0
beforeEach(() => void (before = tf.memory().numTensors))
afterEach(() => expect(tf.memory().numTensors).toBe(before))

const images = (change: (set: { images: Uint8Array; labels: Uint8Array }) => void = () => undefined): ImageSet => {
  const set = { images: Uint8Array.from({ length: 600 * 4 }, (_, i) => i % 251), labels: new Uint8Array(600) }
  change(set)
  return { ...set, shape: [2, 2, 1], classes: 3, name: 'images' }
}

const numbers = (change?: number, at = 0) => {
  const values = Float32Array.from({ length: 600 }, (_, i) => i / 7)
  if (change !== undefined) values[at] = change
  return source({
    size: 600,
    fields: { x: { shape: [], dtype: 'float32' } },
    read: (positions) => ({ x: tf.tensor1d(Float32Array.from(positions, (i) => values[i]!)) }),
  })
}

const moments = { mean: [0.5], deviation: [0.25] }

/** The same data made anew, and others that differ in one place. */
const CASES: Readonly<Record<string, [() => BatchSource, Record<string, () => BatchSource>]>> = {
  images: [
    () => imageSource(images(), { moments }),
    {
      'one pixel': () =>
        imageSource(
          images(({ images: pixels }) => void (pixels[2399]! ^= 1)),
          { moments },
        ),
      'one label': () =>
        imageSource(
          images(({ labels }) => void (labels[599] = 2)),
          { moments },
        ),
      'the moments': () => imageSource(images(), { moments: { ...moments, mean: [0.25] } }),
      'the number of classes': () => imageSource({ ...images(), classes: 4 }, { moments }),
    },
  ],
  lists: [
    () => tensorSource({ xs: [[[[1]]], [[[2]]]], ys: [0, 1], classes: 2 }),
    {
      'one number': () => tensorSource({ xs: [[[[1]]], [[[3]]]], ys: [0, 1], classes: 2 }),
      'the order of labels': () => tensorSource({ xs: [[[[1]]], [[[2]]]], ys: [1, 0], classes: 2 }),
      'a view': () =>
        tensorSource({ xs: [[[[1]]], [[[2]]]], ys: [0, 1], classes: 2, views: { a: [[[[1]]], [[[2]]]] } }),
    },
  ],
  'a source of its own': [
    () => numbers(),
    { 'the last number': () => numbers(0.5, 599), 'the first number': () => numbers(0.5, 0) },
  ],
}

describe.each(Object.entries(CASES))('the fingerprint of %s', (_, [make, others]) => {
  it('is the same for the same data', async () => {
    const [a, b] = [make(), make()]
    expect(await a.fingerprint!()).toMatch(/^[0-9a-f]{64}$/)
    expect(await a.fingerprint!()).toBe(await b.fingerprint!())
  })

  it.each(Object.entries(others))('is another if %s differs', async (_, other) => {
    expect(await other().fingerprint!()).not.toBe(await make().fingerprint!())
  })
})

it('does not depend on the augmentation, nor on what has been read', async () => {
  const plain = imageSource(images(), { moments })
  const augmented = imageSource(images(), { moments, augment: (pixels) => pixels })
  for (const { fields } of plain.batches({ batchSize: 600, seed: 1, epoch: 3, training: true }))
    tf.dispose({ ...fields })
  expect(await plain.fingerprint!()).toBe(await augmented.fingerprint!())
})
