import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, type Given } from '@gpdjs/core'
import { fromRule, RATE_OPTIONS } from './from-rule.ts'
import type { Optimizer } from './optimizer.ts'

export const ADAGRAD_OPTIONS = {
  ...RATE_OPTIONS,
  /** The sum of squares to begin with (default 0.1). */
  initial: option(kinds.nonNegative, 0.1),
  /** Added to the sum of squares, under the root (default 1e-7). */
  epsilon: option(kinds.positive, 1e-7),
}

export type AdagradOptions = Given<typeof ADAGRAD_OPTIONS>

/**
 * Adagrad: `s ← s + g²`, `θ ← θ − η g / √(s + ε)`, with the defaults of TensorFlow.js.
 *
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`
 * @example adagrad({ learningRate: 0.01 })
 * @see Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", 2011
 */
export function adagrad(options: AdagradOptions): Optimizer {
  const { initial, epsilon, ...others } = fillOptions('adagrad', ADAGRAD_OPTIONS, options)
  return fromRule(
    {
      name: 'adagrad',
      slots: ['sum-of-squares'],
      initial,
      move(theta, gradient, [s], { rate }) {
        const sum = tf.add(s!, tf.square(gradient))
        return [tf.sub(theta, tf.div(tf.mul(gradient, rate), tf.sqrt(tf.add(sum, epsilon)))), sum]
      },
    },
    others,
  )
}
