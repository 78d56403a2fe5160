import { checkParts, type ImageSet } from './image-set.ts'

/** Mean and standard deviation of each channel, pixels on the scale [0, 1]. */
export interface ChannelMoments {
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
}

const VALUES = 256

/** How often each channel takes each of the 256 values, channel by channel. */
function histograms({ images, shape: [, , channels] }: ImageSet): Float64Array[] {
  const counts = Array.from({ length: channels }, () => new Float64Array(VALUES))
  counts.forEach((count, channel) => {
    for (let i = channel; i < images.length; i += channels) count[images[i]!]!++
  })
  return counts
}

/** Sums over 256 bins: exact whole numbers, so the result does not depend on the order of the images. */
function momentsOf(counts: Float64Array): { mean: number; deviation: number } {
  const pixels = counts.reduce((sum, count) => sum + count, 0)
  const mean = counts.reduce((sum, count, value) => sum + count * value, 0) / pixels
  const variance = counts.reduce((sum, count, value) => sum + count * (value - mean) ** 2, 0) / pixels
  return { mean: mean / (VALUES - 1), deviation: Math.sqrt(variance) / (VALUES - 1) }
}

/**
 * What to normalize by: mean and standard deviation of each channel over all pixels of all images.
 *
 * The deviation is that of the population (divided by n), on the scale [0, 1]. Take the moments of the training set
 * and use them for every set.
 *
 * @throws GpdError `data.mismatch` if the parts of the set do not fit together, such as for pixels 0 … 1
 * @example moments(train) // of MNIST: { mean: [0.1307], deviation: [0.3081] }
 */
export function moments(set: ImageSet): ChannelMoments {
  checkParts(set)
  const channels = histograms(set).map(momentsOf)
  return { mean: channels.map(({ mean }) => mean), deviation: channels.map(({ deviation }) => deviation) }
}
