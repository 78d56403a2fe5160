import * as tf from '@tensorflow/tfjs'
import { GpdError, randomStream, type LossSetup } from '@gpdjs/core'
import { unit } from '../support/vectors.ts'

export const SIDES = ['student', 'teacher'] as const
export type Side = (typeof SIDES)[number]

/** Marks an image whose class was not seen yet. */
const UNKNOWN = -1

/** Where the embeddings of all images by one side are remembered. */
export const bankOf = (side: Side): string => `${side}-bank`

/** Uniform in ±√(3 / width): rows of length about 1. */
function drawBank(side: Side, { samples, seed }: LossSetup, width: number): tf.Tensor2D {
  const stream = randomStream(seed, 'crd', side)
  const limit = Math.sqrt(3 / width)
  return tf.tensor2d(
    Float32Array.from({ length: samples * width }, () => limit * (2 * stream.uniform() - 1)),
    [samples, width],
  )
}

/** Embeddings of all images, their classes as far as they are known, and Z. */
export function crdMemory(setup: LossSetup, width: number): Record<string, tf.Tensor> {
  if (setup.samples < 2) {
    throw new GpdError(
      'data.missing',
      `crd: expected the number of training images, got ${setup.samples}.`,
      'Use data that knows its length.',
    )
  }
  return {
    ...Object.fromEntries(SIDES.map((side) => [bankOf(side), drawBank(side, setup, width)])),
    classes: tf.fill([setup.samples], UNKNOWN),
    // Z of both directions; 0 until the first step sets it.
    normalizers: tf.zeros([SIDES.length]),
  }
}

/** A copy with some rows replaced. The kernel of the cpu backend would write into its input, hence a fresh one. */
export const withRows = (bank: tf.Tensor, index: tf.Tensor1D, rows: tf.Tensor): tf.Tensor =>
  tf.tensorScatterUpdate(tf.add(bank, 0), tf.expandDims(index, 1), rows)

/** Replaces rows: `m ← unit(momentum · m + (1 − momentum) · v)`. */
export function movedBank(bank: tf.Tensor, index: tf.Tensor1D, v: tf.Tensor2D, momentum: number): tf.Tensor {
  const moved = unit(tf.add(tf.mul(tf.gather(bank, index), momentum), tf.mul(v, 1 - momentum)))
  return withRows(bank, index, moved)
}

/** Z of one direction: the mean over the first batch times the number of images, then fixed. */
export function normalizer(stored: tf.Tensor, all: tf.Tensor, samples: number): tf.Tensor {
  const first = tf.mul(tf.mean(tf.exp(all)), samples)
  const isSet = tf.cast(tf.greater(stored, 0), 'float32')
  return tf.add(tf.mul(stored, isSet), tf.mul(first, tf.sub(1, isSet)))
}
