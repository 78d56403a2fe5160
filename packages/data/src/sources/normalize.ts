import { GpdError } from '@gpdjs/core'
import type { ChannelMoments } from '../images/moments.ts'

/** @throws GpdError `data.mismatch` unless there is one of each per channel; `config.invalid` unless deviations are above 0 */
export function checkMoments({ mean, deviation }: ChannelMoments, channels: number): void {
  if (mean.length !== channels || deviation.length !== channels) {
    const found = `${mean.length} means and ${deviation.length} deviations`
    const problem = `imageSource: moments: expected those of ${channels} channels, got ${found}.`
    throw new GpdError('data.mismatch', problem, 'Use moments(set) of the training set.')
  }
  if (!mean.every(Number.isFinite) || !deviation.every((value) => Number.isFinite(value) && value > 0)) {
    const found = `means [${mean.join(', ')}] and deviations [${deviation.join(', ')}]`
    const problem = `imageSource: moments: expected finite means and deviations above 0, got ${found}.`
    throw new GpdError(
      'config.invalid',
      problem,
      'A channel that never changes has deviation 0; give moments with 1 there: imageSource(set, { moments: { mean, deviation } }).',
    )
  }
}

const VALUES = 256

/** `(value / 255 − mean) / deviation` of each byte: 256 results for each channel, channel by channel. */
export function normalizationTable({ mean, deviation }: ChannelMoments): Float32Array {
  const table = new Float32Array(VALUES * mean.length)
  for (let i = 0; i < table.length; i++) {
    const channel = Math.floor(i / VALUES)
    table[i] = ((i % VALUES) / (VALUES - 1) - mean[channel]!) / deviation[channel]!
  }
  return table
}

/** Looks every byte up, channel by channel: no arithmetic and no call per pixel. */
export function normalize(images: Uint8Array, table: Float32Array, channels: number): Float32Array {
  const values = new Float32Array(images.length)
  for (let channel = 0; channel < channels; channel++) {
    const offset = channel * VALUES
    for (let i = channel; i < images.length; i += channels) values[i] = table[offset + images[i]!]!
  }
  return values
}
