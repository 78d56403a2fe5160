import { GpdError } from '@gpdjs/core'
import type { ChannelMoments } from '@gpdjs/data'

/** What a file says about the network in it, as texts by their keys: the same ones in every format. */
export type Metadata = Readonly<Record<string, string>>

/**
 * `(pixel / 255 − mean) / deviation` is what the network takes. Where the normalization is in the file itself, so that it takes
 * pixels, these are 0 and 1, or 0 and 1 / 255.
 */
const INPUT = { mean: 'input-mean', deviation: 'input-deviation' } as const
/** What the nodes in the file subtract and divide by, on the scale 0…1. */
const INSIDE = { mean: 'normalization-mean', deviation: 'normalization-deviation' } as const
const CLASS_NAMES = 'class-names'
/** `logits` or `probabilities`; logits if there is no such entry. */
const OUTPUT = 'output'

type Keys = typeof INPUT | typeof INSIDE

const momentsEntries = ({ mean, deviation }: Keys, moments: ChannelMoments): Record<string, string> => ({
  [mean]: JSON.stringify(moments.mean),
  [deviation]: JSON.stringify(moments.deviation),
})

/** What images are to be normalized by before they go into the network. */
export const momentsMetadata = (moments: ChannelMoments): Metadata => momentsEntries(INPUT, moments)

/** What the network normalizes its images by itself. */
export const insideMetadata = (moments: ChannelMoments): Metadata => momentsEntries(INSIDE, moments)

/** Names of the classes, in their order; nothing for none. */
export const classNamesMetadata = (names: readonly string[] | undefined): Metadata =>
  names === undefined ? {} : { [CLASS_NAMES]: JSON.stringify(names) }

export const outputMetadata = (output: 'logits' | 'probabilities'): Metadata => ({ [OUTPUT]: output })

function listOf<T>(metadata: Metadata, key: string, what: string, is: (value: unknown) => value is T): T[] {
  let value: unknown
  try {
    value = JSON.parse(metadata[key] ?? '')
  } catch {
    // Reported below.
  }
  if (Array.isArray(value) && value.every(is)) return value
  throw new GpdError('checkpoint.corrupt', `metadata '${key}': expected a list of ${what}, got '${metadata[key]}'.`)
}

const isNumber = (value: unknown): value is number => Number.isFinite(value)
const isText = (value: unknown): value is string => typeof value === 'string'

function momentsOf({ mean, deviation }: Keys, metadata: Metadata): ChannelMoments | undefined {
  if (metadata[mean] === undefined) return undefined
  return {
    mean: listOf(metadata, mean, 'numbers', isNumber),
    deviation: listOf(metadata, deviation, 'numbers', isNumber),
  }
}

/** What the images of a saved network are to be normalized by; undefined if its file has no entry for it. */
export const savedMoments = (metadata: Metadata): ChannelMoments | undefined => momentsOf(INPUT, metadata)

/** What the network in the file normalizes its images by itself, if it does. */
export const savedInside = (metadata: Metadata): ChannelMoments | undefined => momentsOf(INSIDE, metadata)

export const savedClassNames = (metadata: Metadata): readonly string[] | undefined =>
  metadata[CLASS_NAMES] === undefined ? undefined : listOf(metadata, CLASS_NAMES, 'texts', isText)

export const givesProbabilities = (metadata: Metadata): boolean => metadata[OUTPUT] === 'probabilities'
