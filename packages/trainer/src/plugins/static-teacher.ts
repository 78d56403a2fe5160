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
  type Model,
  type Network,
  type Schedule,
  type Task,
  type TensorRecord,
} from '@gpdjs/core'
import type { ChannelMoments } from '@gpdjs/data'
import { modelOf, models, type WeightedModel } from '../given-model.ts'
import type { Plugin } from '../pipeline/plugin.ts'
import { tensorRecords } from '../pipeline/starting-tensors.ts'
import { scopeOf } from '../scope.ts'
import { distributionOf } from '../tasks/default-task.ts'

/** One of several losses of a teacher. */
export interface WeightedLoss {
  readonly loss: DistillationLoss
  readonly weight: Schedule
}

const moments = kinds.objectWith<ChannelMoments>('moments such as moments(train)', 'mean', 'deviation')

/** A trained model (it always runs in evaluation mode), and what it teaches with. */
export const STATIC_TEACHER_OPTIONS = {
  /** A network, or a `tf.LayersModel`, which is converted and brings its weights. */
  network: needed(models),
  /** Its weights (default: those of the `tf.LayersModel`). */
  parameters: optional(tensorRecords),
  /** Its batch-norm moments (default: those of the `tf.LayersModel`). */
  statistics: optional(tensorRecords),
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
  /** What `fromLayersModel` has left out at its end: the task is to be of such logits. */
  activation: optional(kinds.oneOf('softmax', 'sigmoid')),
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

/** @throws GpdError `plugin.invalid` for a teacher whose logits are of the other distribution than the task's */
function checkActivation(name: string, activation: WeightedModel['activation'], task: Task): void {
  const known = distributionOf(activation)
  const { distribution = 'categorical' } = task
  if (known === undefined || known === distribution) return
  const problem = `'${name}' ended in a ${activation}, which is not what the task '${task.name}' makes of logits.`
  const fix = known === 'bernoulli' ? 'Use task: multiLabel() and binaryKd().' : 'Use task: classification() and kd().'
  throw new GpdError('plugin.invalid', problem, fix)
}

/**
 * The teacher as a model; new tensors.
 *
 * @throws GpdError `config.missing` for a network without weights, `plugin.invalid` for one of another task
 */
function teacherOf(
  { network: given, normalization, ...filled }: Filled<typeof STATIC_TEACHER_OPTIONS>,
  task: Task,
): Model {
  const { dispose, network, ...own } = modelOf(given)
  const { parameters = own.parameters, statistics = own.statistics, activation = own.activation } = filled
  const copy = (record: TensorRecord) => mapRecord(record, (tensor) => tf.clone(tensor))
  try {
    checkActivation(filled.name, activation, task)
    if (parameters === undefined || statistics === undefined) {
      const missing = parameters === undefined ? 'parameters' : 'statistics'
      const problem = `staticTeacher: ${missing}: expected tensors by their names, got nothing.`
      throw new GpdError('config.missing', problem, 'Give a trained model: staticTeacher({ ...model, loss }).')
    }
    return {
      network: normalization ? renormalized(network, normalization) : network,
      parameters: copy(parameters),
      statistics: copy(statistics),
    }
  } finally {
    dispose()
  }
}

const isList = (loss: unknown): loss is readonly WeightedLoss[] => Array.isArray(loss)

/**
 * A trained network that never changes, and one loss or several from it to the student (and to the dynamic teacher, if there is
 * one). Tensors are copied, so the caller may dispose of theirs.
 *
 * @throws GpdError `config.invalid` for several losses without weights; when a run is put together `config.missing` for a
 *   network without weights, and what `fromLayersModel` throws
 * @example staticTeacher({ ...teacher, loss: [{ loss: kd(), weight: 1 }, { loss: nd(), weight: 2 }] })
 * @example staticTeacher({ network: await tf.loadLayersModel(url), loss: kd() })
 * @example staticTeacher({ network, parameters, statistics, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) })
 */
export function staticTeacher(options: StaticTeacherOptions): Plugin {
  const filled = fillOptions('staticTeacher', STATIC_TEACHER_OPTIONS, options)
  const { name, cache } = filled
  const terms = weightedLosses(filled)
  return {
    name,
    specVersion: 1,
    setup(run) {
      const { network, parameters, statistics } = teacherOf(filled, run.task)
      run.addTensors({
        name,
        tensors: parameters,
        specs: network.parameters.map((spec) => ({ ...spec, trainable: false })),
      })
      run.addActor({
        name,
        network,
        role: 'frozen',
        parameters: (tensors) => scopeOf(name, tensors),
        statistics,
        cache,
      })
    },
    connect(run) {
      for (const pupil of run.pupils)
        for (const term of terms) run.addDistillation({ student: pupil.name, teacher: name, ...term })
    },
  }
}
