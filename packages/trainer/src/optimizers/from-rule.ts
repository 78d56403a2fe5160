import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord, type Schedule } from '@gpdjs/core'
import { valueAt } from '../schedule.ts'
import { chain } from './chain.ts'
import { clip } from './clip.ts'
import { fusedUpdate } from './fused-update.ts'
import { scaledGradients } from './gradients.ts'
import type { Optimizer, UpdateContext, Updated } from './optimizer.ts'
import type { RuleNumbers, UpdateRule } from './rule.ts'

/** Options that `sgd` and `adamw` have in common. */
export interface RuleOptions {
  readonly learningRate: Schedule
  /** ≥ 0. */
  readonly weightDecay?: number
  /** Which tensors decay: `weights` leaves out norms, biases and gates; `all` is what the authors do. Default `weights`. */
  readonly decay?: 'weights' | 'all'
  /** Gradients are scaled down to this norm, over all of them together: `chain(clip(limit), …)`. Default: never. */
  readonly clipGlobalNorm?: number
}

/** @throws GpdError `config.invalid` unless the number is in [0, 1) */
export function checkShare(option: string, value: number): void {
  if (!(value >= 0 && value < 1))
    throw new GpdError('config.invalid', `${option}: expected a number in [0, 1), got ${value}.`)
}

/** An optimizer that applies one rule to every tensor. */
export function fromRule(rule: UpdateRule, options: RuleOptions): Optimizer {
  const { learningRate, weightDecay = 0, decay = 'weights', clipGlobalNorm } = options
  if (!(weightDecay >= 0))
    throw new GpdError('config.invalid', `${rule.name}: weightDecay: expected a number ≥ 0, got ${weightDecay}.`)
  const optimizer: Optimizer = {
    name: rule.name,
    init: (trainables) =>
      Object.fromEntries(
        Object.entries(trainables).flatMap(([name, theta]) =>
          rule.slots.map((slot) => [`${name}/${slot}`, tf.zerosLike(theta)]),
        ),
      ),
    update(context) {
      const { specs, progress } = context
      const rate = valueAt(learningRate, progress)
      const numbersOf = (name: string): RuleNumbers => ({
        rate,
        decay: decay === 'all' || specs[name]!.decay ? weightDecay : 0,
        step: progress.step,
      })
      return fusedUpdate(rule, context, numbersOf) ?? composedUpdate(rule, context, numbersOf)
    },
    rates: (progress) => ({ 'learning-rate': valueAt(learningRate, progress) }),
  }
  return clipGlobalNorm === undefined ? optimizer : chain(clip(clipGlobalNorm), optimizer)
}

/** The update by ordinary operations, tensor by tensor. */
function composedUpdate(
  { slots: kinds, move }: UpdateRule,
  { gradients, trainables, slots }: UpdateContext,
  numbersOf: (name: string) => RuleNumbers,
): Updated {
  const moved = mapRecord(scaledGradients(gradients), (gradient, name) => {
    const remembered = kinds.map((kind) => slots[`${name}/${kind}`]!)
    return move(trainables[name]!, gradient, remembered, numbersOf(name))
  })
  return {
    trainables: mapRecord(moved, ([theta]) => theta!),
    slots: Object.fromEntries(
      Object.entries(moved).flatMap(([name, [, ...next]]) =>
        kinds.map((kind, i) => [`${name}/${kind}`, next[i]!] as const),
      ),
    ),
  }
}
