import type { Distribution, Task } from '@gpdjs/core'
import { classification } from './classification.ts'
import { multiLabel } from './multi-label.ts'

/** What logits are of, by the activation behind them that `fromLayersModel` has left out. */
const DISTRIBUTIONS: Readonly<Record<string, Distribution>> = { softmax: 'categorical', sigmoid: 'bernoulli' }

/** What a model that ended in this activation was made for; undefined where nothing is known. */
export const distributionOf = (activation: string | undefined): Distribution | undefined =>
  activation === undefined ? undefined : DISTRIBUTIONS[activation]

/** The task where none is given: `classification()`, but `multiLabel()` for a model that ended in sigmoids. */
export const defaultTask = (activation?: string): Task<'acc' | 'loss'> =>
  distributionOf(activation) === 'bernoulli' ? multiLabel() : classification()
