import { fillOptions, kinds, option, type Given, type RandomStream } from '@gpdjs/core'
import type { ImageShape } from '../images/image-set.ts'
import type { Augmentation } from './augmentation.ts'

export const PAD_CROP_FLIP_OPTIONS = {
  /** Pixels of black on every side before cropping back to the old size (default 4). */
  padding: option(kinds.countOrNone, 4),
  /** Mirror left and right in one of two images (default true). Switch it off for digits and letters. */
  flip: option(kinds.flag, true),
}

export type PadCropFlipOptions = Given<typeof PAD_CROP_FLIP_OPTIONS>

/** Where a crop comes from. */
export interface Crop {
  /** Offset of the crop in the image, −padding … padding; outside the image is black */
  readonly top: number
  readonly left: number
  readonly mirrored: boolean
}

/** Copies a crop of the image's own size. `target` must be zeros where the crop leaves the image. */
export function copyCrop(
  image: Uint8Array,
  target: Uint8Array,
  [height, width, channels]: ImageShape,
  { top, left, mirrored }: Crop,
): void {
  const firstRow = Math.max(0, -top)
  const endRow = Math.min(height, height - top)
  const firstColumn = Math.max(0, -left)
  const endColumn = Math.min(width, width - left)
  const step = mirrored ? -channels : channels
  for (let row = firstRow; row < endRow; row++) {
    let from = ((row + top) * width + firstColumn + left) * channels
    let to = (row * width + (mirrored ? width - 1 - firstColumn : firstColumn)) * channels
    for (let column = firstColumn; column < endColumn; column++) {
      for (let channel = 0; channel < channels; channel++) target[to + channel] = image[from + channel]!
      from += channels
      to += step
    }
  }
}

/** Drawn in this order: the mirror last, so that switching it off leaves the crops as they are. */
function drawCrop(stream: RandomStream, padding: number, flip: boolean): Crop {
  const top = stream.integer(2 * padding + 1) - padding
  const left = stream.integer(2 * padding + 1) - padding
  const mirrored = flip && stream.uniform() < 0.5
  return { top, left, mirrored }
}

/**
 * The usual augmentation of small images: pad with black, crop back at random, mirror in half of the cases.
 *
 * @throws GpdError `config.invalid` if the padding is not an integer ≥ 0
 * @example imageSource(train, { augment: padCropFlip({ padding: 4, flip: true }) })
 * @see He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2015, section 4.2
 */
export function padCropFlip(options: PadCropFlipOptions = {}): Augmentation {
  const { padding, flip } = fillOptions('padCropFlip', PAD_CROP_FLIP_OPTIONS, options)
  return (image, target, shape, stream) => copyCrop(image, target, shape, drawCrop(stream, padding, flip))
}
