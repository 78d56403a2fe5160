import { GpdError, show } from '@gpdjs/core'
import { checkRange } from '../check-range.ts'

/** Height, width and channels of every image of a set. */
export type ImageShape = readonly [height: number, width: number, channels: number]

/** Labeled images in memory, one byte per value, all of one shape. */
export interface ImageSet {
  /** Pixels 0 … 255, `[N, height, width, channels]` in row-major order */
  readonly images: Uint8Array
  /** Class indices 0 … classes − 1, `[N]` */
  readonly labels: Uint8Array | Int32Array
  readonly shape: ImageShape
  readonly classes: number
  /** What messages call the set, such as `'fashion-mnist/train'`. */
  readonly name: string
}

/** Number of images. */
export const countImages = (set: ImageSet): number => set.labels.length

/** Number of bytes of one image of this shape. */
export const imageBytes = ([height, width, channels]: ImageShape): number => height * width * channels

const isSize = (n: number): boolean => Number.isSafeInteger(n) && n > 0

/** What typed arrays call themselves, in whatever realm they were made. */
const typeOf = (value: unknown): string => Object.prototype.toString.call(value).slice('[object '.length, -1)

/** @throws GpdError `data.mismatch` for pixels that are no bytes, and labels that are no typed whole numbers */
function checkTypes({ name, images, labels }: ImageSet): void {
  if (typeOf(images) !== 'Uint8Array') {
    const problem = `${name}: expected images as a Uint8Array of pixels 0 … 255, got ${found(images)}.`
    throw new GpdError('data.mismatch', problem, typeOf(images) === CLAMPED ? 'Use new Uint8Array(images).' : BYTES)
  }
  if (typeOf(labels) === 'Uint8Array' || typeOf(labels) === 'Int32Array') return
  const problem = `${name}: expected labels as a Uint8Array or Int32Array of class indices, got ${found(labels)}.`
  throw new GpdError(
    'data.mismatch',
    problem,
    'Use Int32Array.from(labels); one-hot and soft labels take tensorSource.',
  )
}

/** What a canvas gives. */
const CLAMPED = 'Uint8ClampedArray'

const BYTES =
  'Of pixels 0 … 1: Uint8Array.from(pixels, (x) => Math.round(255 * x)). For others use tensorSource({ xs, ys }).'

const found = (value: unknown): string => (ArrayBuffer.isView(value) ? `a ${typeOf(value)}` : show(value))

function checkSizes({ name, shape, classes }: ImageSet): void {
  if (shape.length !== 3 || !shape.every(isSize)) {
    const problem = `${name}: expected a shape of three positive integers, got [${shape.join(', ')}].`
    throw new GpdError('data.mismatch', problem, 'Give [height, width, channels]; gray images have 1 channel.')
  }
  if (!isSize(classes)) {
    const problem = `${name}: expected a positive number of classes, got ${classes}.`
    throw new GpdError('data.mismatch', problem, 'Give the number of different labels, such as 10.')
  }
}

function checkCounts({ name, images, labels, shape }: ImageSet): void {
  const each = imageBytes(shape)
  if (labels.length === 0) {
    throw new GpdError('data.mismatch', `${name}: expected at least one image, got none.`, 'Leave the empty set out.')
  }
  if (images.length !== labels.length * each) {
    const expected = `expected ${labels.length * each} bytes of images (${labels.length} labels × ${shape.join('×')})`
    const found = `got ${images.length} (${images.length / each} images)`
    throw new GpdError('data.mismatch', `${name}: ${expected}, ${found}.`, 'Pair the images with their own labels.')
  }
}

/**
 * Checks whatever takes no look at the values.
 *
 * @throws GpdError `data.mismatch`
 */
export function checkParts(set: ImageSet): void {
  checkTypes(set)
  checkSizes(set)
  checkCounts(set)
}

/**
 * The same set, once it is sure that its parts fit together.
 *
 * @throws GpdError `data.mismatch` if images, labels and shape do not match, the set is empty, or pixels are no bytes;
 *   `data.label-range` if a label is not one of the classes, with its index and value
 * @example
 * const set = checkImageSet({ name: 'dots', images: new Uint8Array(8), labels: Uint8Array.of(0, 1), shape: [2, 2, 1], classes: 2 })
 */
export function checkImageSet(set: ImageSet): ImageSet {
  checkParts(set)
  checkRange(set.name, 'label', { shape: [] }, { kind: 'index', size: set.classes }, set.labels)
  return set
}
