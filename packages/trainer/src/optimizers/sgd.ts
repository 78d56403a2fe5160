import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord } from '@gpdjs/core'
import { fusedUpdate } from './fused-update.ts'
import type { Optimizer, OptimizerOptions, UpdateContext } from './optimizer.ts'

export interface SgdOptions extends OptimizerOptions {
  /** In [0, 1). Default 0. */
  readonly momentum?: number
  /** Look one velocity ahead. Default false. */
  readonly nesterov?: boolean
  /** ≥ 0. Default 0. */
  readonly weightDecay?: number
  /** Subtract `learningRate · weightDecay · θ` from θ instead of adding `weightDecay · θ` to the gradient. Default false. */
  readonly decoupled?: boolean
}

const velocityOf = (name: string) => `${name}/velocity`

/**
 * Stochastic gradient descent: `v ← μ v + g + λ θ`, `θ ← θ − η v` (nesterov: `θ − η (g + λ θ + μ v)`), as in PyTorch.
 *
 * @throws GpdError `config.invalid` for numbers out of range
 * @example sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 })
 * @see Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013
 */
export function sgd(options: SgdOptions): Optimizer {
  const {
    learningRate,
    momentum = 0,
    nesterov = false,
    weightDecay = 0,
    decoupled = false,
    decay = 'weights',
    clipGlobalNorm = Infinity,
  } = options
  if (!(momentum >= 0 && momentum < 1))
    throw new GpdError('config.invalid', `sgd: momentum: expected a number in [0, 1), got ${momentum}.`)
  if (!(weightDecay >= 0))
    throw new GpdError('config.invalid', `sgd: weightDecay: expected a number ≥ 0, got ${weightDecay}.`)

  const decays = ({ specs }: UpdateContext, name: string) => weightDecay > 0 && (decay === 'all' || specs[name]!.decay)
  const updateOne = (context: UpdateContext, name: string) => {
    const { gradients, trainables, slots, learningRate: rate } = context
    const [theta, gradient] = [trainables[name]!, gradients[name]!]
    const decayed = decays(context, name)
    const start = decayed && decoupled ? tf.mul(theta, 1 - rate * weightDecay) : theta
    const direction = decayed && !decoupled ? tf.add(gradient, tf.mul(theta, weightDecay)) : gradient
    if (momentum === 0) return { theta: tf.sub(start, tf.mul(direction, rate)) }
    const velocity = tf.add(tf.mul(slots[velocityOf(name)]!, momentum), direction)
    const step = nesterov ? tf.add(direction, tf.mul(velocity, momentum)) : velocity
    return { theta: tf.sub(start, tf.mul(step, rate)), velocity }
  }
  return {
    name: 'sgd',
    learningRate,
    clipGlobalNorm,
    init(trainables) {
      if (momentum === 0) return {}
      return Object.fromEntries(
        Object.entries(trainables).map(([name, theta]) => [velocityOf(name), tf.zerosLike(theta)]),
      )
    },
    fusedUpdate(context, scale) {
      if (momentum === 0) return undefined
      return fusedUpdate('MomentumUpdate', context, scale, {
        settings: [context.learningRate, momentum, Number(nesterov), Number(decoupled)],
        decays: Object.keys(context.trainables).map((name) => (decays(context, name) ? weightDecay : 0)),
        slotsOf: [velocityOf],
      })
    },
    update(context) {
      const updated = mapRecord(context.trainables, (_, name) => updateOne(context, name))
      const velocities = Object.entries(updated).flatMap(([name, { velocity }]) =>
        velocity ? [[velocityOf(name), velocity] as const] : [],
      )
      return { trainables: mapRecord(updated, ({ theta }) => theta), slots: Object.fromEntries(velocities) }
    },
  }
}
