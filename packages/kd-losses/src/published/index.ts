import {
  didYouMean,
  fillOptions,
  GpdError,
  kinds,
  mapRecord,
  option,
  optional,
  type DistillationLoss,
  type Given,
} from '@gpdjs/core'
import { losses } from '../losses.ts'
import { FEATURE_SETTINGS } from './feature-settings.ts'
import { LOGIT_SETTINGS } from './logit-settings.ts'
import type { ByPair, Publication, PublishedWarmUp, TermData } from './setting.ts'

const METHODS = { ...LOGIT_SETTINGS, ...FEATURE_SETTINGS }

/** A method whose settings are known. */
export type PublishedMethod = keyof typeof METHODS

/** Epochs of the published runs. */
const EPOCHS = { cifar100: 240, imagenet: 100 } as const

export type PublishedData = keyof typeof EPOCHS

export const PUBLISHED_OPTIONS = {
  /** Teacher and student, such as `resnet56-resnet20`, where numbers were tuned for each pair. */
  pair: optional(kinds.text),
  /** Options of losses by their name that go before the published ones: `{ crd: { negatives: 1024 } }`, taps of other networks. */
  options: option(kinds.recordOf(kinds.object), {}),
}

export type PublishedOptions = Given<typeof PUBLISHED_OPTIONS>

/** A loss with its weight as it was published. */
export interface PublishedTerm {
  readonly loss: DistillationLoss
  readonly weight: number
  /** How the weight rises; absent where it does not. */
  readonly warmUp?: PublishedWarmUp
}

export interface PublishedSetting {
  readonly terms: readonly PublishedTerm[]
  /** Of the cross-entropy with the labels: its weight, and further views of the images on which it counts too. */
  readonly task: { readonly weight: number; readonly views: readonly string[] }
  /** Length of the published runs, which warm-ups refer to. */
  readonly epochs: number
  /** Where the numbers are from. */
  readonly source: string
}

const isByPair = (value: unknown): value is ByPair => typeof value === 'object' && value !== null && 'byPair' in value

/** The number of a pair. */
function numberOf({ byPair, otherwise }: ByPair, where: string, pair: string | undefined): number {
  const found = (pair === undefined ? undefined : byPair[pair]) ?? otherwise
  if (found !== undefined) return found
  const problem = `${where}: expected a pair with a published setting, got ${pair === undefined ? 'none' : `'${pair}'`}.`
  throw new GpdError('config.invalid', problem, didYouMean(pair ?? '', Object.keys(byPair)))
}

function known<T extends object>(where: string, table: T, name: string): T[keyof T] {
  if (Object.hasOwn(table, name)) return table[name as keyof T]
  throw new GpdError('config.invalid', `${where}: nothing is known of '${name}'.`, didYouMean(name, Object.keys(table)))
}

/**
 * What was published: losses with their weights for a method on a data set, so that they need not be looked up.
 *
 * Taps are those of the networks of `@gpdjs/architectures`. Recipes (optimizer, batch, augmentation) are not part of it; warm-ups
 * refer to runs of `epochs` epochs. With `@gpdjs/trainer`, `asPublished` makes a teacher of it.
 *
 * @param method such as `'dkd'`, `'review-kd'`, `'kd++'`
 * @param data `'cifar100'` or `'imagenet'`
 * @throws GpdError `config.invalid` for a method, data set or pair that nothing was published for, with those that there are
 * @example published('review-kd', 'cifar100', { pair: 'resnet56-resnet20' }).terms[0]?.weight // 0.6
 */
export function published(
  method: PublishedMethod,
  data: PublishedData,
  given: PublishedOptions = {},
): PublishedSetting {
  const { pair, options } = fillOptions('published', PUBLISHED_OPTIONS, given)
  const publication: Publication = known('published', METHODS, method)
  const { source, ...sets } = publication
  const where = `published: ${method} on ${data}`
  const { labelWeight, labelViews = [], terms } = known(`published: ${method}`, sets, data)!
  const term = ({ loss, weight, options: own = {}, warmUp }: TermData): PublishedTerm => {
    const filled = mapRecord(own, (value) => (isByPair(value) ? numberOf(value, where, pair) : value))
    return {
      loss: losses[loss]!({ ...filled, ...options[loss] }),
      weight: typeof weight === 'number' ? weight : numberOf(weight, where, pair),
      ...(warmUp && { warmUp }),
    }
  }
  const stranger = Object.keys(options).find((name) => !terms.some(({ loss }) => loss === name))
  if (stranger !== undefined) {
    const names = terms.map(({ loss }) => loss)
    throw new GpdError(
      'config.unknown-key',
      `${where}: options: it has no loss '${stranger}'.`,
      didYouMean(stranger, names),
    )
  }
  return { terms: terms.map(term), task: { weight: labelWeight, views: labelViews }, epochs: EPOCHS[data], source }
}

/** Methods with a setting for a data set, in alphabetical order. */
export const publishedMethods = (data: PublishedData): PublishedMethod[] =>
  (Object.keys(METHODS) as PublishedMethod[]).filter((method) => data in METHODS[method]).sort()
