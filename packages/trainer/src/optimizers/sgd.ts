import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, type Given } from '@gpdjs/core'
import { fromRule, RULE_OPTIONS } from './from-rule.ts'
import type { Optimizer } from './optimizer.ts'
import type { UpdateRule } from './rule.ts'

export const SGD_OPTIONS = {
  ...RULE_OPTIONS,
  /** Share of the velocity that is kept at each step (default 0). */
  momentum: option(kinds.rate, 0),
  /** Look one velocity ahead (default false). */
  nesterov: option(kinds.flag, false),
  /** λ: `λ θ` is added to the gradient (default 0). */
  weightDecay: option(kinds.nonNegative, 0),
  /** Subtract `learningRate · weightDecay · θ` from θ instead of adding `weightDecay · θ` to the gradient (default false). */
  decoupled: option(kinds.flag, false),
}

export type SgdOptions = Given<typeof SGD_OPTIONS>

/**
 * Stochastic gradient descent: `v ← μ v + g + λ θ`, `θ ← θ − η v` (nesterov: `θ − η (g + λ θ + μ v)`), as in PyTorch.
 *
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`
 * @example sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 })
 * @see Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013
 */
export function sgd(options: SgdOptions): Optimizer {
  const { momentum, nesterov, decoupled, weightDecay, ...others } = fillOptions('sgd', SGD_OPTIONS, options)
  const rule: UpdateRule = {
    name: 'sgd',
    slots: momentum === 0 ? [] : ['velocity'],
    move(theta, gradient, [before], { rate, decay }) {
      const start = decay > 0 && decoupled ? tf.mul(theta, 1 - rate * decay) : theta
      const direction = decay > 0 && !decoupled ? tf.add(gradient, tf.mul(theta, decay)) : gradient
      if (before === undefined) return [tf.sub(start, tf.mul(direction, rate))]
      const velocity = tf.add(tf.mul(before, momentum), direction)
      const step = nesterov ? tf.add(direction, tf.mul(velocity, momentum)) : velocity
      return [tf.sub(start, tf.mul(step, rate)), velocity]
    },
    ...(momentum > 0 && {
      kernel: {
        name: 'MomentumUpdate',
        settings: (rate) => [rate, momentum, Number(nesterov), Number(decoupled)],
        decay: ({ decay }) => decay,
      },
    }),
  }
  return fromRule(rule, others, weightDecay)
}
