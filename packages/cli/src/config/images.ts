import type { Network, Shape } from '@gpdjs/core'

/** `[height, width, channels]` of the images that a classifier takes; undefined if it takes something else. */
export const imageShapeOf = ({ inputs }: Network): Shape | undefined => inputs['image']?.shape

/** The number of classes of a classifier. */
export const classesOf = ({ outputs, shapes }: Network): number => shapes[outputs['logits'] ?? '']?.at(-1) ?? 0
