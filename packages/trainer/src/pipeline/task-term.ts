import * as tf from '@tensorflow/tfjs'
import type { Task } from '@gpdjs/core'
import type { LossTerm } from './term.ts'

/** The objective of a task as a term of one learner; undefined where its weight is 0. */
export function taskTerm({ objective }: Task, learner: string): LossTerm | undefined {
  const { name, weight, views = [], compute } = objective
  if (weight === 0) return undefined
  const passes = [undefined, ...views].map((view) => [view ?? learner, { actor: learner, view }] as const)
  return {
    name: `${name}(${learner})`,
    weight,
    passes: Object.fromEntries(passes),
    compute: (outputs) =>
      Object.values(outputs)
        .map((rows) => compute(rows))
        .reduce((sum, value) => tf.add(sum, value)),
  }
}
