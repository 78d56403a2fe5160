import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord } from '@gpdjs/core'
import { fusedUpdate } from './fused-update.ts'
import type { Optimizer, OptimizerOptions, UpdateContext } from './optimizer.ts'

export interface AdamwOptions extends OptimizerOptions {
  /** Default 0.9. */
  readonly beta1?: number
  /** Default 0.999. */
  readonly beta2?: number
  /** Default 1e-8. */
  readonly epsilon?: number
  /** Decoupled, ≥ 0. Default 0.01. */
  readonly weightDecay?: number
}

const firstOf = (name: string) => `${name}/first-moment`
const secondOf = (name: string) => `${name}/second-moment`

/**
 * Adam with decoupled weight decay: `θ ← θ − η λ θ − η m̂ / (√v̂ + ε)`. The bias correction is computed from the step
 * number, so a resumed run continues exactly.
 *
 * @throws GpdError `config.invalid` for numbers out of range
 * @see Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019
 */
export function adamw(options: AdamwOptions): Optimizer {
  const {
    learningRate,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0.01,
    decay = 'weights',
    clipGlobalNorm = Infinity,
  } = options
  for (const [key, value] of Object.entries({ beta1, beta2 })) {
    if (!(value >= 0 && value < 1))
      throw new GpdError('config.invalid', `adamw: ${key}: expected a number in [0, 1), got ${value}.`)
  }
  if (!(weightDecay >= 0))
    throw new GpdError('config.invalid', `adamw: weightDecay: expected a number ≥ 0, got ${weightDecay}.`)

  /** What a tensor keeps of itself: `1 − η λ`. */
  const keptOf = ({ specs, learningRate: rate }: UpdateContext, name: string) =>
    decay === 'all' || specs[name]!.decay ? 1 - rate * weightDecay : 1
  /** `η / (1 − β₁ᵗ)` and `1 / √(1 − β₂ᵗ)`: both corrections of the bias. */
  const corrections = ({ learningRate: rate, step }: UpdateContext) => [
    rate / (1 - beta1 ** (step + 1)),
    1 / Math.sqrt(1 - beta2 ** (step + 1)),
  ]
  const updateOne = (context: UpdateContext, name: string) => {
    const { gradients, trainables, slots } = context
    const [theta, gradient, kept] = [trainables[name]!, gradients[name]!, keptOf(context, name)]
    const [stepSize, inverse] = corrections(context) as [number, number]
    const start = kept === 1 ? theta : tf.mul(theta, kept)
    const first = tf.add(tf.mul(slots[firstOf(name)]!, beta1), tf.mul(gradient, 1 - beta1))
    const second = tf.add(tf.mul(slots[secondOf(name)]!, beta2), tf.mul(tf.square(gradient), 1 - beta2))
    // √v̂ + ε with v̂ = v / (1 − β₂ᵗ)
    const deviation = tf.add(tf.mul(tf.sqrt(second), inverse), epsilon)
    return { theta: tf.sub(start, tf.mul(tf.div(first, deviation), stepSize)), first, second }
  }
  return {
    name: 'adamw',
    learningRate,
    clipGlobalNorm,
    init: (trainables) =>
      Object.fromEntries(
        Object.entries(trainables).flatMap(([name, theta]) => [
          [firstOf(name), tf.zerosLike(theta)],
          [secondOf(name), tf.zerosLike(theta)],
        ]),
      ),
    fusedUpdate: (context, scale) =>
      fusedUpdate('AdamUpdate', context, scale, {
        settings: [beta1, beta2, epsilon, ...corrections(context)],
        decays: Object.keys(context.trainables).map((name) => keptOf(context, name)),
        slotsOf: [firstOf, secondOf],
      }),
    update(context) {
      const updated = mapRecord(context.trainables, (_, name) => updateOne(context, name))
      const moments = Object.entries(updated).flatMap(([name, { first, second }]) => [
        [firstOf(name), first] as const,
        [secondOf(name), second] as const,
      ])
      return { trainables: mapRecord(updated, ({ theta }) => theta), slots: Object.fromEntries(moments) }
    },
  }
}
