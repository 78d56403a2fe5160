import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, pickOptions, type Given } from '@gpdjs/core'
import { ADAMW_OPTIONS } from './adamw.ts'
import { fromRule } from './from-rule.ts'
import type { Optimizer } from './optimizer.ts'

export const ADAMAX_OPTIONS = {
  ...pickOptions(ADAMW_OPTIONS, 'learningRate', 'beta1', 'beta2', 'clipGlobalNorm'),
  /** Added to the greatest gradient (default 1e-7). */
  epsilon: option(kinds.positive, 1e-7),
}

export type AdamaxOptions = Given<typeof ADAMAX_OPTIONS>

/**
 * AdaMax, Adam with the greatest gradient in place of the second moment: `m ← β₁ m + (1 − β₁) g`, `u ← max(β₂ u, |g|)`,
 * `θ ← θ − η / (1 − β₁ᵗ) · m / (u + ε)`.
 *
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`
 * @example adamax({ learningRate: 2e-3 })
 * @see Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, section 7.1
 */
export function adamax(options: AdamaxOptions): Optimizer {
  const { beta1, beta2, epsilon, ...others } = fillOptions('adamax', ADAMAX_OPTIONS, options)
  return fromRule(
    {
      name: 'adamax',
      slots: ['first-moment', 'greatest'],
      move(theta, gradient, [m, u], { rate, step }) {
        const first = tf.add(tf.mul(m!, beta1), tf.mul(gradient, 1 - beta1))
        const greatest = tf.maximum(tf.mul(u!, beta2), tf.abs(gradient))
        const stepSize = rate / (1 - beta1 ** (step + 1))
        return [tf.sub(theta, tf.mul(tf.div(first, tf.add(greatest, epsilon)), stepSize)), first, greatest]
      },
    },
    others,
  )
}
