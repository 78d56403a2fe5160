/** A number that was published for pairs of teacher and student; `otherwise` for the pairs that are not listed, if there is one. */
export interface ByPair {
  readonly byPair: Readonly<Record<string, number>>
  readonly otherwise?: number
}

export type Numbers = number | ByPair

/** How a weight rises: `min(e / epochs, 1)`, once per epoch, with epochs e counted from `first`. */
export interface PublishedWarmUp {
  readonly epochs: number
  readonly first: 0 | 1
}

/** One loss with its options and its weight, as plain data. */
export interface TermData {
  /** Its name in `losses`. */
  readonly loss: string
  readonly options?: Readonly<Record<string, unknown>>
  readonly weight: Numbers
  readonly warmUp?: PublishedWarmUp
}

export interface SettingData {
  /** Weight of the cross-entropy with the labels. */
  readonly labelWeight: number
  /** Further views of the images whose cross-entropy counts too. */
  readonly labelViews?: readonly string[]
  readonly terms: readonly TermData[]
}

/** What was published of a method, by data set. */
export interface Publication {
  /** Where the numbers are from. */
  readonly source: string
  readonly cifar100?: SettingData
  readonly imagenet?: SettingData
}

/** A setting with one loss. */
export const single = (
  loss: string,
  weight: Numbers,
  options: Readonly<Record<string, unknown>> = {},
  warmUp?: PublishedWarmUp,
): SettingData => ({ labelWeight: 1, terms: [{ loss, weight, options, ...(warmUp && { warmUp }) }] })

/** mdistiller counts the epochs of a warm-up from 1, the release of KD++ from 0. */
export const fromOne = (epochs: number): PublishedWarmUp => ({ epochs, first: 1 })
export const fromZero = (epochs: number): PublishedWarmUp => ({ epochs, first: 0 })
