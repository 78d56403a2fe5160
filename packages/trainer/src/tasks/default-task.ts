import type { Distribution, Task } from '@gpdjs/core'
import type { ConvertedModel } from '@gpdjs/interchange'
import { classification } from './classification.ts'
import { multiLabel } from './multi-label.ts'

type Activation = NonNullable<ConvertedModel['activation']>

/** What logits are of, by the activation behind them that `fromLayersModel` has left out. */
const DISTRIBUTIONS: Readonly<Record<Activation, Distribution>> = { softmax: 'categorical', sigmoid: 'bernoulli' }

/** What a model that ended in this activation was made for; undefined where nothing is known. */
export const distributionOf = (activation: Activation | undefined): Distribution | undefined =>
  activation === undefined ? undefined : DISTRIBUTIONS[activation]

/** The task where none is given: `classification()`, but `multiLabel()` for a model that ended in sigmoids. */
export const defaultTask = (activation?: Activation): Task<'acc' | 'loss'> =>
  distributionOf(activation) === 'bernoulli' ? multiLabel() : classification()
