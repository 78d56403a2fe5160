import {
  fillOptions,
  GpdError,
  kinds,
  mapRecord,
  needed,
  option,
  optional,
  permutation,
  randomStream,
  type Given,
} from '@gpdjs/core'
import type { Augmentation } from '../augment/augmentation.ts'
import { countImages, imageBytes, type ImageSet, type ImageShape } from '../images/image-set.ts'

const OPTIONS = {
  /** Images per batch, ≥ 1 */
  batchSize: needed(kinds.count),
  /** Any safe integer, 0 included */
  seed: needed(kinds.integer),
  /** 0, 1, 2 …: another order and another augmentation in each */
  epoch: needed(kinds.countOrNone),
  /** Random order instead of the set's own (default true) */
  shuffle: option(kinds.flag, true),
  /** How every image is changed (default: not at all) */
  augment: optional(kinds.functionOf<Augmentation>()),
  /** Further views of every image by name, each with an augmentation of its own (default: none) */
  views: optional(kinds.recordOf(kinds.functionOf<Augmentation>())),
  /** Leave out the last batch if it is not full (default true; for an evaluation give false) */
  dropRemainder: option(kinds.flag, true),
  /** The first batch to give, for going on in the middle of an epoch (default 0) */
  start: option(kinds.countOrNone, 0),
}

export type BatchOptions = Given<typeof OPTIONS>

/** Some images of a set, new arrays of their own. */
export interface Batch {
  /** Positions in the set, `[batch]`: where cached teacher logits are looked up */
  readonly index: Uint32Array
  /** Pixels 0 … 255, `[batch, height, width, channels]` */
  readonly images: Uint8Array
  /** Further views of the same images, by name; only there if asked for */
  readonly views?: Readonly<Record<string, Uint8Array>>
  /** Class indices, `[batch]` */
  readonly labels: Int32Array
  readonly shape: ImageShape
}

/** The batches of one epoch; can be gone through more than once. */
export interface Batches extends Iterable<Batch> {
  /** Number of batches in the whole epoch, those before `start` included */
  readonly length: number
}

function checkSize({ batchSize, dropRemainder }: BatchOptions, count: number): void {
  if (batchSize <= count || !dropRemainder) return
  const problem = `batches: expected a batch size of at most ${count} images, got ${batchSize}.`
  throw new GpdError('config.invalid', problem, 'Use smaller batches or dropRemainder: false.')
}

/**
 * Changed copies of some images. The draws belong to (epoch, image, view): they do not depend on the batch or its size, nor
 * on other views.
 */
function augmented(
  set: ImageSet,
  index: Uint32Array,
  augment: Augmentation,
  { seed, epoch }: BatchOptions,
  ...view: string[]
): Uint8Array {
  const size = imageBytes(set.shape)
  const images = new Uint8Array(index.length * size)
  index.forEach((position, i) => {
    const image = set.images.subarray(position * size, (position + 1) * size)
    const target = images.subarray(i * size, (i + 1) * size)
    augment(image, target, set.shape, randomStream(seed, 'augment', epoch, position, ...view))
  })
  return images
}

/** Copies of some images as they are. */
function copied({ images, shape }: ImageSet, index: Uint32Array): Uint8Array {
  const size = imageBytes(shape)
  const copies = new Uint8Array(index.length * size)
  index.forEach((position, i) => copies.set(images.subarray(position * size, (position + 1) * size), i * size))
  return copies
}

function batchAt(set: ImageSet, index: Uint32Array, options: BatchOptions): Batch {
  const { augment, views } = options
  return {
    index,
    images: augment === undefined ? copied(set, index) : augmented(set, index, augment, options),
    ...(views && { views: mapRecord(views, (change, name) => augmented(set, index, change, options, name)) }),
    labels: Int32Array.from(index, (position) => set.labels[position]!),
    shape: set.shape,
  }
}

/**
 * The batches of one epoch: a pure function of the set, the options, (seed, epoch) in particular.
 *
 * Every image comes exactly once, but for those of a last batch that is not full and dropped. Nothing remembers what was
 * drawn before, so a run that goes on after a crash (`start`) sees what an uninterrupted one sees.
 *
 * @throws GpdError `config.invalid` if an option is out of range, or not even one batch would be full
 * @example
 * for (const batch of batches(train, { batchSize: 128, seed: 0, epoch })) {
 *   const { xs, ys } = toTensors(batch, { mean: [0.286], deviation: [0.353] })
 * }
 */
export function batches(set: ImageSet, options: BatchOptions): Batches {
  const filled = fillOptions('batches', OPTIONS, options)
  const count = countImages(set)
  checkSize(filled, count)
  const { batchSize, seed, epoch, shuffle, dropRemainder, start } = filled
  const length = dropRemainder ? Math.floor(count / batchSize) : Math.ceil(count / batchSize)
  return {
    length,
    *[Symbol.iterator]() {
      const order = shuffle
        ? permutation(count, randomStream(seed, 'shuffle', epoch))
        : Uint32Array.from({ length: count }, (_, i) => i)
      for (let at = start; at < length; at++) {
        yield batchAt(set, order.slice(at * batchSize, (at + 1) * batchSize), filled)
      }
    },
  }
}
