import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, type Given } from '@gpdjs/core'
import { fromRule, RATE_OPTIONS } from './from-rule.ts'
import type { Optimizer } from './optimizer.ts'

export const RMSPROP_OPTIONS = {
  ...RATE_OPTIONS,
  /** Share ρ of the mean square that is kept at each step (default 0.9). */
  rho: option(kinds.rate, 0.9),
  /** Share μ of the velocity that is kept at each step (default 0). */
  momentum: option(kinds.rate, 0),
  /** Added to the mean square, under the root (default 1e-7). */
  epsilon: option(kinds.positive, 1e-7),
}

export type RmspropOptions = Given<typeof RMSPROP_OPTIONS>

/**
 * RMSProp as TensorFlow.js has it: `s ← ρ s + (1 − ρ) g²`, `v ← μ v + η g / √(s + ε)`, `θ ← θ − v`.
 *
 * PyTorch adds ε behind the root, so that its ε is the root of this one.
 *
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`
 * @example rmsprop({ learningRate: 1e-3 })
 * @see Tieleman and Hinton, lecture 6.5 of "Neural Networks for Machine Learning", 2012
 */
export function rmsprop(options: RmspropOptions): Optimizer {
  const { rho, momentum, epsilon, ...others } = fillOptions('rmsprop', RMSPROP_OPTIONS, options)
  return fromRule(
    {
      name: 'rmsprop',
      slots: ['mean-square', 'velocity'],
      move(theta, gradient, [s, v], { rate }) {
        const square = tf.add(tf.mul(s!, rho), tf.mul(tf.square(gradient), 1 - rho))
        const step = tf.div(tf.mul(gradient, rate), tf.sqrt(tf.add(square, epsilon)))
        const velocity = tf.add(tf.mul(v!, momentum), step)
        return [tf.sub(theta, velocity), square, velocity]
      },
    },
    others,
  )
}
