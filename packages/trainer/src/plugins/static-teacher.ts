import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  kinds,
  mapRecord,
  needed,
  option,
  optional,
  prependOp,
  rescale,
  lossKind,
  scheduleKind,
  type DistillationLoss,
  type Filled,
  type Given,
  type Network,
  type Schedule,
  type TensorRecord,
} from '@gpdjs/core'
import type { ChannelMoments } from '@gpdjs/data'
import type { Plugin } from '../pipeline/plugin.ts'
import { tensorRecords } from '../pipeline/starting-tensors.ts'
import { scopeOf } from '../scope.ts'

/** One of several losses of a teacher. */
export interface WeightedLoss {
  readonly loss: DistillationLoss
  readonly weight: Schedule
}

const moments = kinds.objectWith<ChannelMoments>('moments such as moments(train)', 'mean', 'deviation')

/** A trained model (it always runs in evaluation mode), and what it teaches with. */
export const STATIC_TEACHER_OPTIONS = {
  network: needed(kinds.objectWith<Network>('a network', 'nodes', 'parameters')),
  parameters: needed(tensorRecords),
  statistics: needed(tensorRecords),
  /** What it teaches with, to every learner: `dkd()`, `kd({ temperature: 4 })`, …; or several, each with a weight. */
  loss: needed(
    kinds.either(
      kinds.listOf(kinds.record({ loss: needed(lossKind), weight: needed(scheduleKind) }), {
        expected: 'a list of { loss, weight }',
      }),
      lossKind,
    ),
  ),
  /** Weight of the one loss, a number or a schedule (default: 1). */
  weight: optional(scheduleKind),
  /**
   * Compute the outputs and taps that losses read once and look them up, where data do not vary from epoch to epoch; at
   * most 256 MB of them, the rest is computed again (default true).
   */
  cache: option(kinds.flag, true),
  /**
   * Where the teacher was trained on images normalized in another way: what the run's images are normalized by, and what
   * the teacher's were. Without it the teacher gets the images of the student unchanged.
   */
  normalization: optional(kinds.record({ data: needed(moments), teacher: needed(moments) })),
  /** What the plugin and its actor are called (default `static-teacher`). */
  name: option(kinds.text, 'static-teacher'),
  /** What `loadNetwork` gives beside the model; not used. */
  metadata: optional(kinds.object),
  /** What `fromLayersModel` gives beside the model; not used. */
  notes: optional(kinds.listOf(kinds.text, { least: 0 })),
}

export type StaticTeacherOptions = Given<typeof STATIC_TEACHER_OPTIONS>

/** The same network, behind `(x · σ + μ − μ_t) / σ_t`: images in the teacher's normalization, from images normalized by μ and σ. */
function renormalized(
  network: Network,
  { data, teacher }: NonNullable<StaticTeacherOptions['normalization']>,
): Network {
  if (data.mean.length !== teacher.mean.length) {
    throw new GpdError(
      'data.mismatch',
      `staticTeacher: normalization: ${data.mean.length} channels in the data, ${teacher.mean.length} in the teacher's.`,
    )
  }
  const factor = data.deviation.map((deviation, i) => deviation / teacher.deviation[i]!)
  const shift = data.mean.map((mean, i) => (mean - teacher.mean[i]!) / teacher.deviation[i]!)
  return prependOp(network, 'renormalized', rescale({ factor, shift }), 'staticTeacher: normalization')
}

/** @throws GpdError `config.invalid` for several losses with one weight */
function weightedLosses({ loss, weight }: Filled<typeof STATIC_TEACHER_OPTIONS>): readonly WeightedLoss[] {
  if (!isList(loss)) return [{ loss, weight: weight ?? 1 }]
  if (weight === undefined) return loss
  const found = `a list and weight ${String(weight)}`
  const problem = `staticTeacher: loss: expected one loss, or a list of { loss, weight }, got ${found}.`
  throw new GpdError('config.invalid', problem, 'Give each loss of the list its own weight.')
}

const isList = (loss: unknown): loss is readonly WeightedLoss[] => Array.isArray(loss)

/**
 * A trained network that never changes, and one loss or several from it to the student (and to the dynamic teacher, if there is
 * one). Tensors are copied, so the caller may dispose of theirs.
 *
 * @throws GpdError `config.invalid` for several losses without weights
 * @example staticTeacher({ ...teacher, loss: [{ loss: kd(), weight: 1 }, { loss: nd(), weight: 2 }] })
 * @example staticTeacher({ network, parameters, statistics, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) })
 */
export function staticTeacher(options: StaticTeacherOptions): Plugin {
  const filled = fillOptions('staticTeacher', STATIC_TEACHER_OPTIONS, options)
  const { normalization, name, cache } = filled
  const network = normalization ? renormalized(filled.network, normalization) : filled.network
  const terms = weightedLosses(filled)
  const copy = (record: TensorRecord) => mapRecord(record, (tensor) => tf.clone(tensor))
  return {
    name,
    specVersion: 1,
    setup(run) {
      run.addTensors({
        name,
        tensors: copy(filled.parameters),
        specs: network.parameters.map((spec) => ({ ...spec, trainable: false })),
      })
      run.addActor({
        name,
        network,
        role: 'frozen',
        parameters: (tensors) => scopeOf(name, tensors),
        statistics: copy(filled.statistics),
        cache,
      })
    },
    connect(run) {
      for (const pupil of run.pupils)
        for (const term of terms) run.addDistillation({ student: pupil.name, teacher: name, ...term })
    },
  }
}
