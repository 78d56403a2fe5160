import { randomStream } from '@gpdjs/core'
import type { Augmentation } from '../augment/augmentation.ts'
import { imageBytes, type ImageSet } from '../images/image-set.ts'
import type { Draw } from './source-parts.ts'

/** Copies of some images as they are, `[positions, height, width, channels]`. */
export function copied({ images, shape }: ImageSet, positions: Uint32Array): Uint8Array {
  const size = imageBytes(shape)
  const copies = new Uint8Array(positions.length * size)
  positions.forEach((position, i) => copies.set(images.subarray(position * size, (position + 1) * size), i * size))
  return copies
}

/**
 * Changed copies of some images. The draws belong to (epoch, image, view): they do not depend on the batch or its size,
 * nor on other views.
 */
export function augmented(
  set: ImageSet,
  positions: Uint32Array,
  augment: Augmentation,
  { seed, epoch }: Draw,
  ...view: string[]
): Uint8Array {
  const size = imageBytes(set.shape)
  const images = new Uint8Array(positions.length * size)
  positions.forEach((position, i) => {
    const image = set.images.subarray(position * size, (position + 1) * size)
    const target = images.subarray(i * size, (i + 1) * size)
    augment(image, target, set.shape, randomStream(seed, 'augment', epoch, position, ...view))
  })
  return images
}
