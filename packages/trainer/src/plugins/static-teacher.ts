import * as tf from '@tensorflow/tfjs'
import {
  defineNetwork,
  GpdError,
  mapRecord,
  networkDefinition,
  rescale,
  soleInput,
  type DistillationLoss,
  type Model,
  type Network,
  type Schedule,
  type TensorRecord,
} from '@gpdjs/core'
import type { ChannelMoments } from '@gpdjs/data'
import type { Plugin } from '../pipeline/plugin.ts'
import { scopeOf } from '../pipeline/scope.ts'

/** One of several losses of a teacher. */
export interface WeightedLoss {
  readonly loss: DistillationLoss
  readonly weight: Schedule
}

/** A trained model (it always runs in evaluation mode), and what it teaches with. */
export interface StaticTeacherOptions extends Model {
  /** What it teaches with, to every learner: `dkd()`, `kd({ temperature: 4 })`, …; or several, each with a weight. */
  readonly loss: DistillationLoss | readonly WeightedLoss[]
  /** Of the one loss. Default 1. */
  readonly weight?: Schedule
  /**
   * Compute the outputs and taps that losses read once and look them up, where data do not vary from epoch to epoch; at
   * most 256 MB of them, the rest is computed again. Default true.
   */
  readonly cache?: boolean
  /**
   * Where the teacher was trained on images normalized in another way: what the run's images are normalized by, and what
   * the teacher's were. Without it the teacher gets the images of the student unchanged.
   */
  readonly normalization?: { readonly data: ChannelMoments; readonly teacher: ChannelMoments }
  /** Default `static-teacher`. */
  readonly name?: string
}

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
  const [input] = soleInput(network, 'staticTeacher: normalization')
  const id = `renormalized ${input}`
  const definition = networkDefinition(network)
  const behind = definition.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((read) => (read === input ? id : read)),
  }))
  return defineNetwork({ ...definition, nodes: [{ id, ...rescale({ factor, shift }), inputs: [input] }, ...behind] })
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
 * @throws GpdError `config.invalid` for several losses without weights
 * @example staticTeacher({ ...teacher, loss: [{ loss: kd(), weight: 1 }, { loss: nd(), weight: 2 }] })
 * @example staticTeacher({ network, parameters, statistics, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) })
 */
export function staticTeacher(options: StaticTeacherOptions): Plugin {
  const { normalization, name = 'static-teacher', cache = true } = options
  const network = normalization ? renormalized(options.network, normalization) : options.network
  const losses = weightedLosses(options)
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
        cache,
      })
    },
    connect(run) {
      for (const pupil of run.pupils)
        for (const term of losses) run.addDistillation({ student: pupil.name, teacher: name, ...term })
    },
  }
}
