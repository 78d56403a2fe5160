import { GpdError } from '@gpdjs/core'
import { checkParts, countImages, imageBytes, type ImageSet } from './image-set.ts'

/**
 * A new set of the images at these positions, in this order.
 *
 * @param positions indices 0 … N − 1 into `set`; repeats are allowed
 * @throws GpdError `config.invalid` if a position is not in the set, `data.mismatch` if its parts do not fit together
 * @example const wrong = select(test, [3, 17], 'fashion-mnist/errors')
 */
export function select(set: ImageSet, positions: ArrayLike<number>, name = set.name): ImageSet {
  checkParts(set)
  const { images, labels, shape } = set
  const size = imageBytes(shape)
  const count = countImages(set)
  const chosen = new Uint8Array(positions.length * size)
  const chosenLabels = new (labels instanceof Uint8Array ? Uint8Array : Int32Array)(positions.length)
  for (let i = 0; i < positions.length; i++) {
    const from = positions[i]!
    const label = labels[from]
    if (label === undefined) {
      const problem = `select: expected positions 0 … ${count - 1} of ${set.name}, got ${from} at index ${i}.`
      throw new GpdError('config.invalid', problem, 'Use positions of this set.')
    }
    chosen.set(images.subarray(from * size, (from + 1) * size), i * size)
    chosenLabels[i] = label
  }
  return { ...set, name, images: chosen, labels: chosenLabels }
}
