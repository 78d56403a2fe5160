import type { Augmentation } from './augmentation.ts'

/**
 * Several augmentations one after the other, all drawing from the same stream.
 *
 * @example chain(padCropFlip({ padding: 4 }), randAugment({ operations: 2, magnitude: 10 }))
 */
export function chain(...augmentations: readonly Augmentation[]): Augmentation {
  return (image, target, shape, stream) => {
    let current = image
    for (const augment of augmentations) {
      const next = new Uint8Array(image.length)
      augment(current, next, shape, stream)
      current = next
    }
    target.set(current)
  }
}
