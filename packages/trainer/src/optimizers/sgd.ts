import * as tf from '@tensorflow/tfjs'
import { checkShare, fromRule, type RuleOptions } from './from-rule.ts'
import type { Optimizer } from './optimizer.ts'
import type { UpdateRule } from './rule.ts'

export interface SgdOptions extends RuleOptions {
  /** In [0, 1). Default 0. */
  readonly momentum?: number
  /** Look one velocity ahead. Default false. */
  readonly nesterov?: boolean
  /** ≥ 0. Default 0. */
  readonly weightDecay?: number
  /** Subtract `learningRate · weightDecay · θ` from θ instead of adding `weightDecay · θ` to the gradient. Default false. */
  readonly decoupled?: boolean
}

/**
 * Stochastic gradient descent: `v ← μ v + g + λ θ`, `θ ← θ − η v` (nesterov: `θ − η (g + λ θ + μ v)`), as in PyTorch.
 *
 * @throws GpdError `config.invalid` for numbers out of range
 * @example sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 })
 * @see Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013
 */
export function sgd({ momentum = 0, nesterov = false, decoupled = false, ...options }: SgdOptions): Optimizer {
  checkShare('sgd: momentum', momentum)
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
  return fromRule(rule, options)
}
