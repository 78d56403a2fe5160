import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord, type DistillationLoss, type Network, type TensorRecord } from '@gpdjs/core'
import type { Plugin } from '../pipeline/plugin.ts'
import { scopeOf } from '../pipeline/scope.ts'
import type { Schedule } from '../schedule.ts'

export interface StaticTeacherOptions {
  readonly network: Network
  readonly parameters: TensorRecord
  /** Batch-norm moments: the teacher always runs in evaluation mode. */
  readonly statistics: TensorRecord
  /** What it teaches with, to every learner: `dkd()`, `kd({ temperature: 4 })`, … */
  readonly loss: DistillationLoss
  /** Default 1. */
  readonly weight?: Schedule
  /**
   * Compute its logits once and look them up: possible where images are not augmented and the loss needs no taps.
   * Default: whenever that is so.
   */
  readonly cache?: boolean
  /** Default `static-teacher`. */
  readonly name?: string
}

/**
 * A trained network that never changes, and a loss from it to the student (and to the dynamic teacher, if there is
 * one). Tensors are copied, so the caller may dispose of theirs.
 *
 * @throws GpdError `config.invalid` if a cache is asked for that cannot be
 * @example staticTeacher({ network, parameters, statistics, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) })
 */
export function staticTeacher(options: StaticTeacherOptions): Plugin {
  const { network, loss, weight = 1, name = 'static-teacher' } = options
  const taps = loss.taps?.teacher ?? []
  if (options.cache === true && taps.length > 0) {
    throw new GpdError(
      'config.invalid',
      `staticTeacher: cache: '${loss.name}' needs the taps ${taps.join(', ')}, and only logits are cached.`,
      'Leave `cache` out.',
    )
  }
  const copy = (record: TensorRecord) => mapRecord(record, (tensor) => tf.clone(tensor))
  return {
    name,
    specVersion: 1,
    setup(run) {
      run.addTensors({
        name,
        tensors: copy(options.parameters),
        specs: network.parameters.map((spec) => ({ ...spec, trainable: false })),
      })
      run.addActor({
        name,
        network,
        role: 'frozen',
        parameters: (tensors) => scopeOf(name, tensors),
        statistics: copy(options.statistics),
        cacheLogits: options.cache ?? taps.length === 0,
      })
    },
    connect(run) {
      for (const learner of run.learners) run.addDistillation({ student: learner.name, teacher: name, loss, weight })
    },
  }
}
