import { fillOptions, GpdError, kinds, needed, permutation, randomStream, type Given } from '@gpdjs/core'
import { checkImageSet, countImages, type ImageSet } from './image-set.ts'
import { select } from './select.ts'

const OPTIONS = {
  /** How many images to hold out, 1 … N − 1, or which share of them, above 0 and below 1 */
  validation: needed(kinds.either(kinds.count, kinds.rate)),
  /** Any safe integer, 0 included. The same seed holds out the same images. */
  seed: needed(kinds.integer),
}

export type SplitOptions = Given<typeof OPTIONS>

/** Positions of the images of each class, in random order. */
function shuffledClasses(set: ImageSet, seed: number): number[][] {
  const positions = Array.from({ length: set.classes }, (): number[] => [])
  for (const position of permutation(countImages(set), randomStream(seed, 'split'))) {
    positions[set.labels[position]!]!.push(position)
  }
  return positions
}

/** `total` divided in proportion to `sizes`, in whole numbers: the largest remainders are rounded up. */
function proportionalShares(sizes: readonly number[], total: number): number[] {
  const sum = sizes.reduce((a, b) => a + b, 0)
  const exact = sizes.map((size) => (size * total) / sum)
  const shares = exact.map(Math.floor)
  const missing = total - shares.reduce((a, b) => a + b, 0)
  const byRemainder = sizes.map((_, i) => i).sort((i, j) => exact[j]! - shares[j]! - (exact[i]! - shares[i]!) || i - j)
  for (const i of byRemainder.slice(0, missing)) shares[i]!++
  return shares
}

/** Images that a share comes to: at least one, and not all. */
const countOf = (validation: number, count: number): number =>
  validation > 0 && validation < 1 ? Math.min(Math.max(1, Math.round(validation * count)), count - 1) : validation

/**
 * Holds out a validation set in which every class keeps its share, to one image.
 *
 * Both parts keep the order of the original set, and each image is in exactly one of them.
 *
 * @returns `train` with N − validation images and `validation`; a share is rounded to at least one image
 * @throws GpdError `config.invalid` if either part would be empty; as `checkImageSet` does
 * @example const { train, validation } = split(set, { validation: 0.1, seed: 0 })
 */
export function split(set: ImageSet, options: SplitOptions): { train: ImageSet; validation: ImageSet } {
  const { validation: asked, seed } = fillOptions('split', OPTIONS, options)
  const count = countImages(checkImageSet(set))
  const validation = countOf(asked, count)
  if (validation < 1 || validation >= count) {
    const problem = `split: expected 1 … ${count - 1} validation images of ${set.name}, got ${asked}.`
    throw new GpdError('config.invalid', problem, 'To hold out none, use the set as it is.')
  }
  const classes = shuffledClasses(set, seed)
  const shares = proportionalShares(
    classes.map((positions) => positions.length),
    validation,
  )
  const heldOut = new Set(classes.flatMap((positions, label) => positions.slice(0, shares[label])))
  const part = (isHeldOut: boolean) =>
    Array.from({ length: count }, (_, position) => position).filter((position) => heldOut.has(position) === isHeldOut)
  return {
    train: select(set, part(false), `${set.name} without validation`),
    validation: select(set, part(true), `${set.name} validation`),
  }
}
