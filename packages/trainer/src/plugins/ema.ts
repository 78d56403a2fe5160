import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord, type TensorRecord } from '@gpdjs/core'
import type { Plugin } from '../pipeline/plugin.ts'
import { inScope, scopeOf } from '../pipeline/scope.ts'

export interface EmaOptions {
  /** Share of the average that is kept each step, in [0, 1). Default 0.999. */
  readonly decay?: number
  /** Begin with a smaller share, `min(decay, (1 + step) / (10 + step))`, so that short runs forget their start. Default true. */
  readonly warmUp?: boolean
}

/**
 * An exponential moving average of everything that is trained, and of the batch-norm moments:
 * `a ← d a + (1 − d) θ`. Evaluated beside the run's own tensors, and saved with them.
 *
 * @throws GpdError `config.invalid` unless 0 ≤ decay < 1
 * @see Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992
 */
export function ema(options: EmaOptions = {}): Plugin {
  const { decay = 0.999, warmUp = true } = options
  if (!(decay >= 0 && decay < 1))
    throw new GpdError('config.invalid', `ema: decay: expected a number in [0, 1), got ${decay}.`)
  const both = ({ trainables, statistics }: { trainables: TensorRecord; statistics: TensorRecord }): TensorRecord => ({
    ...inScope('trainables', trainables),
    ...inScope('statistics', statistics),
  })
  return {
    name: 'ema',
    specVersion: 1,
    setup: (run) =>
      run.addState({
        name: 'ema',
        init: (start) => mapRecord(both(start), (tensor) => tf.clone(tensor)),
        update(average, { step, ...current }) {
          const keep = warmUp ? Math.min(decay, (1 + step) / (10 + step)) : decay
          const now = both(current)
          return mapRecord(average, (tensor, name) => tf.add(tf.mul(tensor, keep), tf.mul(now[name]!, 1 - keep)))
        },
        alternative: (average) => ({
          trainables: scopeOf('trainables', average),
          statistics: scopeOf('statistics', average),
        }),
      }),
  }
}
