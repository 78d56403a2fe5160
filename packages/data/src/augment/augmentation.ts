import type { RandomStream } from '@gpdjs/core'
import type { ImageShape } from '../images/image-set.ts'

/**
 * Writes a changed copy of one image into `target`: a pure function of image and stream.
 *
 * @param image `[height, width, channels]`, only read
 * @param target as long as `image`, zeros at first
 * @param stream the only source of randomness
 */
export type Augmentation = (image: Uint8Array, target: Uint8Array, shape: ImageShape, stream: RandomStream) => void
