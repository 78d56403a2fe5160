import { fillOptions, kinds, option, optional, type BatchSource, type FieldSpec, type Given } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import type { Augmentation } from '../augment/augmentation.ts'
import { checkImageSet, countImages, imageBytes, type ImageSet } from '../images/image-set.ts'
import { moments, type ChannelMoments } from '../images/moments.ts'
import { checkMoments, normalizationTable, normalize } from './normalize.ts'
import { augmented, copied } from './read-images.ts'
import { source } from './source.ts'

const augmentations = kinds.functionOf<Augmentation>()

const OPTIONS = {
  /** Changes every training image in every epoch: `padCropFlip({ padding: 4 })` (default: none). */
  augment: optional(augmentations),
  /**
   * Further views of every training image by name, each with an augmentation of its own, for losses that compare views:
   * `{ strong: chain(padCropFlip(), randAugment()) }` (default: none).
   */
  views: option(kinds.recordOf(augmentations), {}),
  /** What is subtracted from and divided by, per channel (default: the set's own; give a validation set the training set's). */
  moments: optional(kinds.objectWith<ChannelMoments>('moments such as moments(train)', 'mean', 'deviation')),
}

export type ImageSourceOptions = Given<typeof OPTIONS>

/**
 * Normalized batches of an image set: `image`, float32 `[batch, height, width, channels]`, `label`, int32 `[batch]`, and in
 * training `image/<view>` for each further view. Only training batches are augmented.
 *
 * @throws GpdError as `checkImageSet` does; `data.mismatch` if the moments are of other channels; `config.invalid` if a
 *   deviation is not above 0
 * @example
 * const normal = moments(train)
 * const data = { train: imageSource(train, { moments: normal, augment: padCropFlip() }), validation: imageSource(validation, { moments: normal }) }
 */
export function imageSource(set: ImageSet, options: ImageSourceOptions = {}): BatchSource {
  const { augment, views, ...given } = fillOptions('imageSource', OPTIONS, options)
  checkImageSet(set)
  const { moments: normal = moments(set) } = given
  const [height, width, channels] = set.shape
  checkMoments(normal, channels)
  const table = normalizationTable(normal)
  const onDevice = (images: Uint8Array): tf.Tensor4D =>
    tf.tensor4d(normalize(images, table, channels), [images.length / imageBytes(set.shape), height, width, channels])
  const image: FieldSpec = { shape: set.shape, dtype: 'float32' }
  const label: FieldSpec = { shape: [], dtype: 'int32', size: set.classes }
  const changes = Object.entries(views).map(([view, change]) => ({ view, change, field: `image/${view}` }))
  return source({
    size: countImages(set),
    fields: { image, label, ...Object.fromEntries(changes.map(({ field }) => [field, image])) },
    varying: augment !== undefined || changes.length > 0,
    read(positions, draw) {
      const own = draw.training && augment ? augmented(set, positions, augment, draw) : copied(set, positions)
      const further = (draw.training ? changes : []).map(
        ({ view, change, field }) => [field, onDevice(augmented(set, positions, change, draw, view))] as const,
      )
      const labels = Int32Array.from(positions, (position) => set.labels[position]!)
      return { image: onDevice(own), label: tf.tensor1d(labels, 'int32'), ...Object.fromEntries(further) }
    },
    entries: { label: () => set.labels },
    contents: () => [set.images, Int32Array.from(set.labels), JSON.stringify(normal)],
  })
}
