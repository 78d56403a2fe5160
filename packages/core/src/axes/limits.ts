import { GpdError } from '../errors.ts'
import { sizeOf, type Shape } from '../shape.ts'
import type { ChannelLayout } from './axes.ts'

/**
 * Bounds of what a network may describe, far beyond any that trains here. A definition may come from a file, and a few bytes
 * can describe more than a machine holds: two inputs of one node that are one node double its channels.
 */

/** Numbers in one result for one sample: 512 MiB of them. */
export const LARGEST_RESULT = 2 ** 27
/** Numbers in one parameter: what an array can hold. */
export const LARGEST_PARAMETER = 2 ** 31 - 1
/** Sizes of one shape, so that TensorFlow.js has an axis left for the batch. */
export const MOST_AXES = 5
/** Segments of channels that one node reads. */
export const MOST_SEGMENTS = 4096
/** Segments of channels of all nodes together. */
export const MOST_SEGMENTS_IN_ALL = 2 ** 20
/** Characters of a name. */
export const LONGEST_NAME = 1000

const isSize = (size: number): boolean => Number.isSafeInteger(size) && size > 0

/**
 * @param what begins the message: `Node 'conv1'`
 * @throws GpdError `network.shape` for a size that is none, and for more numbers than `most`
 */
export function checkSize(what: string, shape: Shape, most: number): void {
  const found = `[${shape.slice(0, MOST_AXES + 1).join(', ')}${shape.length > MOST_AXES + 1 ? ', …' : ''}]`
  if (shape.length > MOST_AXES)
    throw new GpdError('network.shape', `${what}: expected at most ${MOST_AXES} sizes, got ${found}.`)
  if (!shape.every(isSize)) throw new GpdError('network.shape', `${what}: expected sizes of at least 1, got ${found}.`)
  if (sizeOf(shape) > most)
    throw new GpdError('network.shape', `${what}: expected at most ${most} numbers, got ${found}.`)
}

/** @throws GpdError `network.shape` for channels in too many pieces */
export function checkSegments(node: string, count: number, most: number = MOST_SEGMENTS): void {
  if (count <= most) return
  throw new GpdError(
    'network.shape',
    `Node '${node}': expected channels of at most ${most} concatenated pieces, got ${count}.`,
  )
}

export const countSegments = (layouts: readonly ChannelLayout[]): number =>
  layouts.reduce((sum, layout) => sum + layout.length, 0)
