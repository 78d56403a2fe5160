import { kinds, type Kind } from '@gpdjs/core'

const isListOf =
  (isEntry: (value: unknown) => boolean, length?: number) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.length > 0 && value.length === (length ?? value.length) && value.every(isEntry)

export const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0

/** Blocks of each stage, as a list of a given length, or of any. */
export const blocks = (stages?: number): Kind<readonly number[]> =>
  kinds.kind<readonly number[]>(
    `positive integers, one for each ${stages === undefined ? 'stage' : `of ${stages} stages`}`,
    isListOf(isCount, stages),
    `For example [${Array.from({ length: stages ?? 3 }, () => 1).join(', ')}].`,
  )

export const classes = kinds.kind<number>(
  'a whole number of at least 1',
  isCount,
  'Pass the number of classes of the data.',
)

export const imageShape = kinds.kind<readonly number[]>(
  '[height, width, channels], positive integers',
  isListOf(isCount, 3),
  'Color images of 32 x 32 pixels are [32, 32, 3].',
)

/** One of the depths that a family has. */
export const oneOfDepths = (depths: readonly number[]): Kind<number> =>
  kinds.kind(depths.join(', '), (value) => depths.includes(value))
