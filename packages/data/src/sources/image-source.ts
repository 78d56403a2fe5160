import {
  fillOptions,
  kinds,
  option,
  optional,
  type BatchSource,
  type FieldSpec,
  type Fields,
  type Given,
} from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import type { Augmentation } from '../augment/augmentation.ts'
import { countImages, type ImageSet } from '../images/image-set.ts'
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
 * @throws GpdError `data.mismatch` if the moments are of other channels; `config.invalid` if a deviation is not above 0
 * @example
 * const normal = moments(train)
 * const data = { train: imageSource(train, { moments: normal, augment: padCropFlip() }), validation: imageSource(validation, { moments: normal }) }
 */
export function imageSource(set: ImageSet, options: ImageSourceOptions = {}): BatchSource {
  const { augment, views, ...given } = fillOptions('imageSource', OPTIONS, options)
  const { moments: normal = moments(set) } = given
  const [height, width, channels] = set.shape
  checkMoments(normal, channels)
  const table = normalizationTable(normal)
  const onDevice = (images: Uint8Array, count: number): tf.Tensor4D =>
    tf.tensor4d(normalize(images, table, channels), [count, height, width, channels])
  const image: FieldSpec = { shape: set.shape, dtype: 'float32' }
  const viewFields = Object.keys(views).map((view) => [`image/${view}`, image] as const)
  return source({
    size: countImages(set),
    fields: {
      image,
      label: { shape: [], dtype: 'int32', size: set.classes },
      ...Object.fromEntries(viewFields),
    },
    varying: augment !== undefined || viewFields.length > 0,
    read(positions, draw): Fields {
      const plain = draw.training && augment ? augmented(set, positions, augment, draw) : copied(set, positions)
      const further = Object.entries(draw.training ? views : {}).map(
        ([view, change]) => [`image/${view}`, augmented(set, positions, change, draw, view)] as const,
      )
      const entries = [['image', plain] as const, ...further].map(
        ([name, images]) => [name, onDevice(images, positions.length)] as const,
      )
      const labels = Int32Array.from(positions, (position) => set.labels[position]!)
      return { ...Object.fromEntries(entries), label: tf.tensor1d(labels, 'int32') }
    },
  })
}
