import { GpdError } from '@gpdjs/core'
import { checkParts, countImages, imageBytes, type ImageSet } from './image-set.ts'

/**
 * The first `n` images; nothing is copied.
 *
 * @param n 1 … the number of images
 * @throws GpdError `config.invalid` for any other `n`, `data.mismatch` if the parts of the set do not fit together
 * @example const quick = take(train, 1000)
 */
export function take(set: ImageSet, n: number): ImageSet {
  checkParts(set)
  const count = countImages(set)
  if (!Number.isInteger(n) || n < 1 || n > count) {
    throw new GpdError(
      'config.invalid',
      `take: expected 1 … ${count} images of ${set.name}, got ${n}.`,
      'Ask for fewer.',
    )
  }
  return { ...set, images: set.images.subarray(0, n * imageBytes(set.shape)), labels: set.labels.subarray(0, n) }
}
