import * as tf from '@tensorflow/tfjs'
import { checkShare, fromRule, type RuleOptions } from './from-rule.ts'
import type { Optimizer } from './optimizer.ts'
import type { RuleNumbers } from './rule.ts'

export interface AdamwOptions extends RuleOptions {
  /** Default 0.9. */
  readonly beta1?: number
  /** Default 0.999. */
  readonly beta2?: number
  /** Default 1e-8. */
  readonly epsilon?: number
  /** Decoupled, ≥ 0. Default 0.01. */
  readonly weightDecay?: number
}

/** What a tensor keeps of itself: `1 − η λ`. */
const keptOf = ({ rate, decay }: RuleNumbers) => 1 - rate * decay

/**
 * Adam with decoupled weight decay: `θ ← θ − η λ θ − η m̂ / (√v̂ + ε)`. The bias correction is computed from the number
 * of updates made; in a group of `partition` these are the group's own.
 *
 * @throws GpdError `config.invalid` for numbers out of range
 * @see Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019
 */
export function adamw(options: AdamwOptions): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, ...rest } = options
  checkShare('adamw: beta1', beta1)
  checkShare('adamw: beta2', beta2)
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
    { weightDecay, ...rest },
  )
}
