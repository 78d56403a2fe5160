import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  kinds,
  mapRecord,
  option,
  optional,
  randomStream,
  type Given,
  type Progress,
  type Schedule,
  type TensorRecord,
} from '@gpdjs/core'
import type { Plugin, RunSetup, Trained } from '../pipeline/plugin.ts'
import { inScope, scopeOf } from '../scope.ts'
import { valueAt } from '../schedule.ts'

export const EMA_OPTIONS = {
  /** Share of the average that is kept at each step, a number or a schedule (default 0.999). */
  decay: option(kinds.either(kinds.rate, kinds.functionOf<Exclude<Schedule, number>>()), 0.999),
  /** Begin with a smaller share, `min(decay, (1 + step) / (10 + step))`, so that short runs forget their start (default true). */
  warmUp: option(kinds.flag, true),
  /** Probability that a tensor moves in a step; the others keep their average. Drawn from the seed (default 1). */
  probability: option(kinds.portion, 1),
  /**
   * Gives the averaged student to the run as an actor of this name, in evaluation mode, which may teach: a mean teacher
   * (default: none).
   */
  actor: optional(kinds.text),
  /** What the plugin is called (default `ema`). */
  name: option(kinds.text, 'ema'),
}

export type EmaOptions = Given<typeof EMA_OPTIONS>

const [TRAINABLES, STATISTICS] = ['trainables', 'statistics'] as const

const both = ({ trainables, statistics }: Trained): TensorRecord => ({
  ...inScope(TRAINABLES, trainables),
  ...inScope(STATISTICS, statistics),
})

/** The student by its averages; its network is read when it is used, since later plugins may replace it. */
function addFollower(run: RunSetup, name: string, state: string): void {
  const averages = (tensors: TensorRecord, kind: string) => scopeOf(kind, scopeOf(state, tensors))
  run.addActor({
    name,
    get network() {
      return run.student.network
    },
    role: 'follower',
    parameters: (tensors) => run.student.parameters({ ...tensors, ...averages(tensors, TRAINABLES) }),
    moments: (tensors) => scopeOf(run.student.name, averages(tensors, STATISTICS)),
    statistics: {},
  })
}

/**
 * An exponential moving average of everything that is trained, and of the batch-norm moments:
 * `a ← d a + (1 − d) θ`. Evaluated beside the run's own tensors, and saved with them.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example ema({ decay: linear(0.8, 1), probability: 0.2, actor: 'mean-teacher' }) // fragments of a mean teacher
 * @see Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; Tarvainen and Valpola, "Mean
 *   teachers are better role models", 2017
 */
export function ema(options: EmaOptions = {}): Plugin {
  const { decay, warmUp, probability, actor, name } = fillOptions('ema', EMA_OPTIONS, options)
  const keptAt = (progress: Progress): number => {
    const keep = valueAt(decay, progress)
    return warmUp ? Math.min(keep, (1 + progress.step) / (10 + progress.step)) : keep
  }
  return {
    name,
    specVersion: 1,
    setup(run) {
      const isMoved = (step: number, tensor: string) =>
        probability === 1 || randomStream(run.seed, name, step, tensor).uniform() < probability
      run.addState({
        name,
        init: (start) => mapRecord(both(start), (tensor) => tf.clone(tensor)),
        update(average, { step, totalSteps, ...trained }) {
          const keep = keptAt({ step, totalSteps })
          const now = both(trained)
          return mapRecord(average, (tensor, key) =>
            isMoved(step, key) ? tf.add(tf.mul(tensor, keep), tf.mul(now[key]!, 1 - keep)) : tensor,
          )
        },
        alternative: (average) => ({
          trainables: scopeOf(TRAINABLES, average),
          statistics: scopeOf(STATISTICS, average),
        }),
      })
      if (actor !== undefined) addFollower(run, actor, name)
    },
  }
}
