import {
  batches,
  countImages,
  moments,
  toTensors,
  type Augmentation,
  type ChannelMoments,
  type ImageSet,
} from '@gpdjs/data'
import type { BatchSource } from './batch-source.ts'

export interface ImageSourceOptions {
  /** Changes every training image in every epoch: `padCropFlip({ padding: 4 })`. Default none. */
  readonly augment?: Augmentation
  /**
   * Further views of every training image by name, each with an augmentation of its own, for losses that compare views:
   * `{ strong: chain(padCropFlip(), randAugment()) }`. Default none.
   */
  readonly views?: Readonly<Record<string, Augmentation>>
  /** What is subtracted from and divided by, per channel. Default the set's own: give a validation set the training set's. */
  readonly moments?: ChannelMoments
}

/**
 * Normalized batches of an image set. Only shuffled (training) batches are augmented.
 *
 * @example
 * const normal = moments(train)
 * const data = { train: imageSource(train, { moments: normal, augment: padCropFlip() }), validation: imageSource(validation, { moments: normal }) }
 */
export function imageSource(set: ImageSet, options: ImageSourceOptions = {}): BatchSource {
  const { augment, views, moments: normal = moments(set) } = options
  return {
    size: countImages(set),
    shape: set.shape,
    classes: set.classes,
    augmented: augment !== undefined,
    ...(views && { views: Object.keys(views) }),
    *batches({ batchSize, seed, epoch, shuffle = false }) {
      const order = { batchSize, seed, epoch, shuffle, dropRemainder: shuffle, ...(shuffle && { augment, views }) }
      for (const batch of batches(set, order)) yield { ...toTensors(batch, normal), index: batch.index }
    },
  }
}
