import { GpdError, mapRecord } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import type { ChannelMoments } from '../images/moments.ts'
import type { Batch } from './batches.ts'

/** A batch as TensorFlow.js wants it; the caller disposes everything. */
export interface TensorBatch {
  /** Normalised images, float32 `[batch, height, width, channels]` */
  readonly xs: tf.Tensor4D
  /** Further views, normalised alike; only there if the batch has them */
  readonly views?: Readonly<Record<string, tf.Tensor4D>>
  /** Class indices, int32 `[batch]` */
  readonly ys: tf.Tensor1D
}

const VALUES = 256

function checkMoments({ mean, deviation }: ChannelMoments, channels: number): void {
  if (mean.length !== channels || deviation.length !== channels) {
    const found = `${mean.length} means and ${deviation.length} deviations`
    const problem = `toTensors: expected moments of ${channels} channels, got ${found}.`
    throw new GpdError('data.mismatch', problem, 'Use moments(set) of the training set.')
  }
  if (!mean.every(Number.isFinite) || !deviation.every((value) => Number.isFinite(value) && value > 0)) {
    const found = `means [${mean.join(', ')}] and deviations [${deviation.join(', ')}]`
    const problem = `toTensors: expected finite means and deviations above 0, got ${found}.`
    throw new GpdError('config.invalid', problem, 'For a channel that never changes use deviation 1.')
  }
}

/** `(value / 255 − mean) / deviation` of each byte: 256 results for each channel, channel by channel. */
function normalisationTable({ mean, deviation }: ChannelMoments): Float32Array {
  const table = new Float32Array(VALUES * mean.length)
  for (let i = 0; i < table.length; i++) {
    const channel = Math.floor(i / VALUES)
    table[i] = ((i % VALUES) / (VALUES - 1) - mean[channel]!) / deviation[channel]!
  }
  return table
}

/** Looks every byte up, channel by channel: no arithmetic and no call per pixel. */
function normalise(images: Uint8Array, table: Float32Array, channels: number): Float32Array {
  const values = new Float32Array(images.length)
  for (let channel = 0; channel < channels; channel++) {
    const offset = channel * VALUES
    for (let i = channel; i < images.length; i += channels) values[i] = table[offset + images[i]!]!
  }
  return values
}

/**
 * Normalises a batch and puts it on the device.
 *
 * @param moments mean and deviation of each channel on the scale [0, 1], as `moments(set)` gives them
 * @throws GpdError `data.mismatch` if there is not one of each per channel; `config.invalid` if a deviation is not above 0
 * @example const { xs, ys } = toTensors(batch, moments(train))
 */
export function toTensors(batch: Batch, moments: ChannelMoments): TensorBatch {
  const [height, width, channels] = batch.shape
  checkMoments(moments, channels)
  const table = normalisationTable(moments)
  const onDevice = (images: Uint8Array): tf.Tensor4D =>
    tf.tensor4d(normalise(images, table, channels), [batch.labels.length, height, width, channels])
  return {
    xs: onDevice(batch.images),
    ...(batch.views && { views: mapRecord(batch.views, onDevice) }),
    ys: tf.tensor1d(batch.labels, 'int32'),
  }
}
