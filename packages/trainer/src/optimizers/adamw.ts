import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, type Given } from '@gpdjs/core'
import { fromRule, RULE_OPTIONS } from './from-rule.ts'
import type { Optimizer } from './optimizer.ts'
import type { RuleNumbers } from './rule.ts'

export const ADAMW_OPTIONS = {
  ...RULE_OPTIONS,
  /** Share of the first moment that is kept at each step (default 0.9). */
  beta1: option(kinds.rate, 0.9),
  /** Share of the second moment that is kept at each step (default 0.999). */
  beta2: option(kinds.rate, 0.999),
  /** Added to the root of the second moment (default 1e-8). */
  epsilon: option(kinds.positive, 1e-8),
  /** λ, decoupled: θ shrinks by `learningRate · λ` of itself (default 0.01). */
  weightDecay: option(kinds.nonNegative, 0.01),
}

export type AdamwOptions = Given<typeof ADAMW_OPTIONS>

/** What a tensor keeps of itself: `1 − η λ`. */
const keptOf = ({ rate, decay }: RuleNumbers) => 1 - rate * decay

/**
 * Adam with decoupled weight decay: `θ ← θ − η λ θ − η m̂ / (√v̂ + ε)`. The bias correction is computed from the number
 * of updates made; in a group of `partition` these are the group's own.
 *
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`
 * @see Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019
 */
export function adamw(options: AdamwOptions): Optimizer {
  const { beta1, beta2, epsilon, weightDecay, ...others } = fillOptions('adamw', ADAMW_OPTIONS, options)
  /** `η / (1 − β₁ᵗ)` and `1 / √(1 − β₂ᵗ)`: both corrections of the bias. */
  const corrections = (rate: number, step: number) =>
    [rate / (1 - beta1 ** (step + 1)), 1 / Math.sqrt(1 - beta2 ** (step + 1))] as const
  return fromRule(
    {
      name: 'adamw',
      slots: ['first-moment', 'second-moment'],
      move(theta, gradient, [m, v], numbers) {
        const kept = keptOf(numbers)
        const [stepSize, inverse] = corrections(numbers.rate, numbers.step)
        const start = kept === 1 ? theta : tf.mul(theta, kept)
        const first = tf.add(tf.mul(m!, beta1), tf.mul(gradient, 1 - beta1))
        const second = tf.add(tf.mul(v!, beta2), tf.mul(tf.square(gradient), 1 - beta2))
        // √v̂ + ε with v̂ = v / (1 − β₂ᵗ)
        const deviation = tf.add(tf.mul(tf.sqrt(second), inverse), epsilon)
        return [tf.sub(start, tf.mul(tf.div(first, deviation), stepSize)), first, second]
      },
      kernel: {
        name: 'AdamUpdate',
        settings: (rate, step) => [beta1, beta2, epsilon, ...corrections(rate, step)],
        decay: keptOf,
      },
    },
    others,
    weightDecay,
  )
}
