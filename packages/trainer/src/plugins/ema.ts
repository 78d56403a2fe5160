import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord, randomStream, type Progress, type Schedule, type TensorRecord } from '@gpdjs/core'
import type { Plugin, RunSetup, Trained } from '../pipeline/plugin.ts'
import { inScope, scopeOf } from '../pipeline/scope.ts'
import { valueAt } from '../schedule.ts'

export interface EmaOptions {
  /** Share of the average that is kept each step, in [0, 1). Default 0.999. */
  readonly decay?: Schedule
  /** Begin with a smaller share, `min(decay, (1 + step) / (10 + step))`, so that the start has little weight even in short runs. Default true. */
  readonly warmUp?: boolean
  /** Probability, in (0, 1], that a tensor moves in a step; the others keep their average. Drawn from the seed. Default 1. */
  readonly probability?: number
  /**
   * Gives the averaged student to the run as an actor of this name, in evaluation mode, which may teach: a mean teacher.
   * Default: none.
   */
  readonly actor?: string
  /** Default `ema`. */
  readonly name?: string
}

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

function checkRange(key: string, value: unknown, holds: boolean, range: string): void {
  if (holds) return
  throw new GpdError('config.invalid', `ema: ${key}: expected a number in ${range}, got ${String(value)}.`)
}

/**
 * An exponential moving average of everything that is trained, and of the batch-norm moments:
 * `a ← d a + (1 − d) θ`. Evaluated beside the run's own tensors, and saved with them.
 *
 * @throws GpdError `config.invalid` unless 0 ≤ decay < 1 and 0 < probability ≤ 1
 * @example ema({ decay: linear(0.8, 1), probability: 0.2, actor: 'mean-teacher' }) // fragments of a mean teacher
 * @see Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; Tarvainen and Valpola, "Mean
 *   teachers are better role models", 2017
 */
export function ema(options: EmaOptions = {}): Plugin {
  const { decay = 0.999, warmUp = true, probability = 1, actor, name = 'ema' } = options
  if (typeof decay === 'number') checkRange('decay', decay, decay >= 0 && decay < 1, '[0, 1)')
  checkRange('probability', probability, probability > 0 && probability <= 1, '(0, 1]')
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
