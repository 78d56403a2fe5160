import * as tf from '@tensorflow/tfjs'
import type { ChannelMoments } from '@gpdjs/data'
import { GpdError, mapRecord, type DistillationLoss, type Network, type TensorRecord } from '@gpdjs/core'
import type { Plugin } from '../pipeline/plugin.ts'
import { scopeOf } from '../pipeline/scope.ts'
import type { Schedule } from '../schedule.ts'

/** One of several losses of a teacher. */
export interface WeightedLoss {
  readonly loss: DistillationLoss
  readonly weight: Schedule
}

export interface StaticTeacherOptions {
  readonly network: Network
  readonly parameters: TensorRecord
  /** Batch-norm moments: the teacher always runs in evaluation mode. */
  readonly statistics: TensorRecord
  /** What it teaches with, to every learner: `dkd()`, `kd({ temperature: 4 })`, …; or several, each with a weight. */
  readonly loss: DistillationLoss | readonly WeightedLoss[]
  /** Of the one loss. Default 1. */
  readonly weight?: Schedule
  /**
   * Compute its logits once and look them up: possible where images are not augmented and the loss needs no taps.
   * Default: whenever that is so.
   */
  readonly cache?: boolean
  /**
   * Where the teacher was trained on images normalized in another way: what the run's images are normalized by, and what
   * the teacher's were. Without it the teacher sees the images as the student does.
   */
  readonly normalization?: { readonly data: ChannelMoments; readonly teacher: ChannelMoments }
  /** Default `static-teacher`. */
  readonly name?: string
}

/** `(x · σ + μ − μ_t) / σ_t`: images as the teacher knows them, from images normalized by μ and σ. */
function renormalize({
  data,
  teacher,
}: NonNullable<StaticTeacherOptions['normalization']>): (xs: tf.Tensor) => tf.Tensor {
  if (data.mean.length !== teacher.mean.length) {
    throw new GpdError(
      'data.mismatch',
      `staticTeacher: normalization: ${data.mean.length} channels in the data, ${teacher.mean.length} in the teacher's.`,
    )
  }
  const factor = data.deviation.map((deviation, i) => deviation / teacher.deviation[i]!)
  const shift = data.mean.map((mean, i) => (mean - teacher.mean[i]!) / teacher.deviation[i]!)
  return (xs) => tf.tidy(() => tf.add(tf.mul(xs, factor), shift))
}

/** @throws GpdError `config.invalid` for several losses with one weight, or for none */
function weightedLosses({ loss, weight }: StaticTeacherOptions): readonly WeightedLoss[] {
  if (!isList(loss)) return [{ loss, weight: weight ?? 1 }]
  if (weight === undefined && loss.length > 0) return loss
  const found = loss.length === 0 ? 'an empty list' : `a list and weight ${String(weight)}`
  const problem = `staticTeacher: loss: expected one loss, or a list of { loss, weight }, got ${found}.`
  throw new GpdError('config.invalid', problem, 'Give each loss of the list its own weight.')
}

const isList = (loss: StaticTeacherOptions['loss']): loss is readonly WeightedLoss[] => Array.isArray(loss)

/**
 * A trained network that never changes, and one loss or several from it to the student (and to the dynamic teacher, if there is
 * one). Tensors are copied, so the caller may dispose of theirs.
 *
 * @throws GpdError `config.invalid` if a cache is asked for that cannot be, or several losses without weights
 * @example staticTeacher({ ...teacher, loss: [{ loss: kd(), weight: 1 }, { loss: nd(), weight: 2 }] })
 * @example staticTeacher({ network, parameters, statistics, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) })
 */
export function staticTeacher(options: StaticTeacherOptions): Plugin {
  const { network, normalization, name = 'static-teacher' } = options
  const losses = weightedLosses(options)
  const taps = losses.flatMap(({ loss }) => loss.taps?.teacher ?? [])
  if (options.cache === true && taps.length > 0) {
    const names = losses.map(({ loss }) => loss.name).join(', ')
    throw new GpdError(
      'config.invalid',
      `staticTeacher: cache: '${names}' needs the taps ${taps.join(', ')}, and only logits are cached.`,
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
        ...(normalization && { input: renormalize(normalization) }),
        cacheLogits: options.cache ?? taps.length === 0,
      })
    },
    connect(run) {
      for (const learner of run.learners)
        for (const term of losses) run.addDistillation({ student: learner.name, teacher: name, ...term })
    },
  }
}
