import * as tf from '@tensorflow/tfjs'
import { kinds, mapRecord, needed, option, optional, type Filled } from '@gpdjs/core'
import { rates, valueAt } from '../schedule.ts'
import { chain } from './chain.ts'
import { clip, limits } from './clip.ts'
import { fusedUpdate } from './fused-update.ts'
import { scaledGradients } from './gradients.ts'
import type { Optimizer, UpdateContext, Updated } from './optimizer.ts'
import type { RuleNumbers, UpdateRule } from './rule.ts'

/** Options that all optimizers have in common. */
export const RATE_OPTIONS = {
  /** A number or a schedule. */
  learningRate: needed(rates),
  /** Gradients are scaled down to this norm, over all of them together: `chain(clip(limit), …)` (default: never). */
  clipGlobalNorm: optional(limits),
}

/** Those of optimizers with weight decay. */
export const RULE_OPTIONS = {
  ...RATE_OPTIONS,
  /** What decays: `weights`, or `all` (norms, biases and gates too, as the authors of GPD have it; default `weights`). */
  decay: option(kinds.oneOf('weights', 'all'), 'weights'),
}

type RuleOptions = Filled<typeof RATE_OPTIONS> & Partial<Pick<Filled<typeof RULE_OPTIONS>, 'decay'>>

/** An optimizer that applies one rule to every tensor. */
export function fromRule(rule: UpdateRule, options: RuleOptions, weightDecay = 0): Optimizer {
  const { learningRate, decay, clipGlobalNorm } = options
  const optimizer: Optimizer = {
    name: rule.name,
    init: (trainables) =>
      Object.fromEntries(
        Object.entries(trainables).flatMap(([name, theta]) =>
          rule.slots.map((slot) => [`${name}/${slot}`, tf.fill(theta.shape, rule.initial ?? 0)]),
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
