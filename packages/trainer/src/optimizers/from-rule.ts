import * as tf from '@tensorflow/tfjs'
import { kinds, mapRecord, needed, option, optional, type Filled } from '@gpdjs/core'
import { rates, valueAt } from '../schedule.ts'
import { chain } from './chain.ts'
import { clip, limits } from './clip.ts'
import { fusedUpdate } from './fused-update.ts'
import { scaledGradients } from './gradients.ts'
import type { Optimizer, UpdateContext, Updated } from './optimizer.ts'
import type { RuleNumbers, UpdateRule } from './rule.ts'

/** Options that `sgd` and `adamw` have in common. */
export const RULE_OPTIONS = {
  /** A number or a schedule. */
  learningRate: needed(rates),
  /** What decays: `weights`, or `all` (norms, biases and gates too, as the authors of GPD have it; default `weights`). */
  decay: option(kinds.oneOf('weights', 'all'), 'weights'),
  /** Gradients are scaled down to this norm, over all of them together: `chain(clip(limit), …)` (default: never). */
  clipGlobalNorm: optional(limits),
}

/** An optimizer that applies one rule to every tensor. */
export function fromRule(rule: UpdateRule, options: Filled<typeof RULE_OPTIONS>, weightDecay: number): Optimizer {
  const { learningRate, decay, clipGlobalNorm } = options
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
  { slots: remember, move }: UpdateRule,
  { gradients, trainables, slots }: UpdateContext,
  numbersOf: (name: string) => RuleNumbers,
): Updated {
  const moved = mapRecord(scaledGradients(gradients), (gradient, name) => {
    const remembered = remember.map((kind) => slots[`${name}/${kind}`]!)
    return move(trainables[name]!, gradient, remembered, numbersOf(name))
  })
  return {
    trainables: mapRecord(moved, ([theta]) => theta!),
    slots: Object.fromEntries(
      Object.entries(moved).flatMap(([name, [, ...next]]) =>
        remember.map((kind, i) => [`${name}/${kind}`, next[i]!] as const),
      ),
    ),
  }
}
