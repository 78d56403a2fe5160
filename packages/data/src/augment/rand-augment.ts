import { fillOptions, kinds, option, type Given } from '@gpdjs/core'
import type { ImageShape } from '../images/image-set.ts'
import type { Augmentation } from './augmentation.ts'
import { chain } from './chain.ts'
import { rotate, shearX, shearY, translateX, translateY } from './geometry.ts'
import { color, sharpness } from './neighborhood.ts'
import type { Operation } from './operation.ts'
import { autoContrast, brightness, contrast, equalize, posterize, solarize } from './tone.ts'

const GREATEST = 30

const magnitudes = kinds.number(`a number from 0 to ${GREATEST}`, (value) => value >= 0 && value <= GREATEST)

export const RAND_AUGMENT_OPTIONS = {
  /** How many of the fourteen operations change each image (default 2). */
  operations: option(kinds.countOrNone, 2),
  /** How strongly (default 10). */
  magnitude: option(magnitudes, 10),
}

export type RandAugmentOptions = Given<typeof RAND_AUGMENT_OPTIONS>

/** An operation, and its strength at a level 0 … 1 in a direction of −1 or 1. */
interface Choice {
  readonly apply: Operation
  readonly strength: (level: number, sign: number, shape: ImageShape) => number
}

const copy: Operation = (image, target) => target.set(image)
const none = (): number => 0
/** From no change at all to a greatest change in either direction. */
const upTo =
  (greatest: number, unchanged = 0) =>
  (level: number, sign: number): number =>
    unchanged + sign * level * greatest

/** Share of its size by which an image is moved at most: 150 of 331 pixels. */
const FARTHEST = 150 / 331

const CHOICES: readonly Choice[] = [
  { apply: copy, strength: none },
  { apply: shearX, strength: upTo(0.3) },
  { apply: shearY, strength: upTo(0.3) },
  { apply: translateX, strength: (level, sign, [, width]) => sign * level * FARTHEST * width },
  { apply: translateY, strength: (level, sign, [height]) => sign * level * FARTHEST * height },
  { apply: rotate, strength: upTo(30) },
  { apply: brightness, strength: upTo(0.9, 1) },
  { apply: color, strength: upTo(0.9, 1) },
  { apply: contrast, strength: upTo(0.9, 1) },
  { apply: sharpness, strength: upTo(0.9, 1) },
  { apply: posterize, strength: (level) => 8 - Math.round(4 * level) },
  { apply: solarize, strength: (level) => 256 * (1 - level) },
  { apply: autoContrast, strength: none },
  { apply: equalize, strength: none },
]

/**
 * Random augmentation: some of fourteen operations one after the other, each drawn with the same probability and repeats
 * allowed, all at one magnitude. Brightness, contrast, color and sharpness go from none to 0.9 up or down, shears to 0.3,
 * shifts to 45 % of the size, rotations to 30°, posterize to 4 bits, solarize to threshold 0; auto-contrast, equalize and no
 * change at all have no strength.
 *
 * @throws GpdError `config.invalid` for values outside these ranges
 * @example const views = { strong: chain(padCropFlip(), randAugment({ operations: 2, magnitude: 10 })) }
 * @see Cubuk, Zoph, Shlens, Le, "RandAugment: Practical Automated Data Augmentation with a Reduced Search Space", 2020
 */
export function randAugment(options: RandAugmentOptions = {}): Augmentation {
  const { operations, magnitude } = fillOptions('randAugment', RAND_AUGMENT_OPTIONS, options)
  const one: Augmentation = (image, target, shape, stream) => {
    const { apply, strength } = CHOICES[stream.integer(CHOICES.length)]!
    // Drawn whether it is needed or not, so that one operation does not shift the draws of the next.
    const sign = stream.uniform() < 0.5 ? -1 : 1
    apply(image, target, shape, strength(magnitude / GREATEST, sign, shape))
  }
  return chain(...Array.from({ length: operations }, () => one))
}
