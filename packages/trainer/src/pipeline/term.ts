import * as tf from '@tensorflow/tfjs'
import {
  GpdError,
  mapRecord,
  stopGradient,
  type ActorOutputs,
  type DistillationLoss,
  type Distribution,
  type Fields,
  type Network,
  type RandomStream,
  type Rows,
  type Schedule,
  type TensorRecord,
} from '@gpdjs/core'
import type { Pass } from './pass.ts'
import { scopeOf } from '../scope.ts'
import { weightedMean } from '../weighted-mean.ts'

/** What a pass has computed: its outputs and taps, and the task's rows of them. */
export type PassOutputs = ActorOutputs & Rows

/** The passes of a term, by the names in its `passes`. */
export type Outputs = Readonly<Record<string, PassOutputs>>

/** What a term may use beside the outputs. */
export interface TermContext {
  /** The batch, views and made fields included. */
  readonly fields: Fields
  /** Every trained and constant tensor of the run. */
  readonly tensors: TensorRecord
  /** Every statistic of the run, memories of losses included. */
  readonly statistics: TensorRecord
  /** Sets a statistic's value for the next step. */
  readonly update: (name: string, value: tf.Tensor) => void
  /** Random numbers of this term in this step. */
  readonly random: () => RandomStream
}

/** One summand of what is minimized. */
export interface LossTerm {
  /** Unique: under this name it is logged. */
  readonly name: string
  readonly weight: Schedule
  /** What it reads, by names of its own: `{ student: { actor: 'student', taps: ['pool'] } }`. */
  readonly passes: Readonly<Record<string, Pass>>
  /** Fields of the batch that it reads beside the passes. */
  readonly fields?: readonly string[]
  /** `'index'`: it needs one class index per row, so soft labels are refused. Default: any labels. */
  readonly labels?: 'index'
  /** What it takes the logits for; refused with a task of the other. Default: any. */
  readonly distribution?: Distribution
  /** Whether its value depends on several samples at once, so that rows cannot be weighed. Default false. */
  readonly comparesSamples?: boolean
  /** Networks of its heads, run in training mode. Default none. */
  readonly networks?: readonly Network[]
  /** Samples that a batch must have for a gradient. Default 1. */
  readonly leastBatch?: number
  /** The unweighted loss: one value per row, `[rows]`, or one for the batch. Disposes nothing. */
  compute(outputs: Outputs, context: TermContext): tf.Tensor
  /** A factor for each row, `[rows]`, off the tape: which rows count for this term, and how much. Default 1 for all. */
  rows?(outputs: Outputs, context: TermContext): tf.Tensor
}

/** @throws GpdError `plugin.invalid` unless there is one value for each row */
function checkRows(what: string, { shape }: tf.Tensor, rows: number): void {
  if (shape.length === 1 && shape[0] === rows) return
  const problem = `${what}: expected one value for each row, [${rows}], got [${shape.join(', ')}].`
  throw new GpdError('plugin.invalid', problem, 'Sum over the other axes, or return one number for the batch.')
}

/**
 * A term's value as one number: `Σ w u ℓ / Σ w` with the task's weights `w` and the term's factors `u`; 0 where no row
 * counts.
 *
 * @throws GpdError `plugin.invalid` for one number where rows have factors, and for values or factors of another shape than
 * `[rows]`
 */
export function reduceRows(term: LossTerm, outputs: Outputs, context: TermContext): tf.Scalar {
  const value = term.compute(outputs, context)
  const { weights, labels } = Object.values(outputs)[0]!
  if (value.rank === 0) {
    if (weights === undefined && term.rows === undefined) return value as tf.Scalar
    const problem = `Loss '${term.name}': expected one value per row where rows are weighed, got one for the batch.`
    throw new GpdError('plugin.invalid', problem, 'Return values of shape [rows].')
  }
  checkRows(`Loss '${term.name}'`, value, labels.shape[0])
  const factors = term.rows && stopGradient(term.rows(outputs, context))
  if (factors) checkRows(`Factors of loss '${term.name}'`, factors, labels.shape[0])
  const counted = factors ? tf.mul(value, factors) : value
  return weightedMean(counted, weights)
}

/** Every tensor of some outputs, cut off from the tape. */
function cutOff<T>(value: T): T {
  if (value instanceof tf.Tensor) return (value.dtype === 'float32' ? stopGradient(value) : value) as T
  return mapRecord(value as Readonly<Record<string, unknown>>, (entry) => cutOff(entry)) as T
}

/** Which views the two sides of an edge read. Default: the batch itself. */
export interface EdgeViews {
  readonly student?: string
  readonly teacher?: string
}

export interface EdgeOptions {
  /** The actor that is taught. */
  readonly student: string
  /** The actor that teaches. */
  readonly teacher: string
  readonly loss: DistillationLoss
  readonly weight: Schedule
  /** The side that the term does not train. Default `teacher`. */
  readonly stopGradient?: 'teacher' | 'student' | 'none'
  /** `{ student: 'adversarial' }`: the student on adversarial examples, the teacher on the batch. */
  readonly on?: EdgeViews
  /** A factor for each row, `[rows]`; `outputs` has the passes `student` and `teacher`. Default 1 for all. */
  readonly rows?: LossTerm['rows']
  /** Default `edgeName`; needed where two edges would have one name. */
  readonly name?: string
}

/** How the term of a distillation loss is called: `dkd(student, static-teacher)`. */
export const edgeName = ({ name, loss, student, teacher }: EdgeOptions): string =>
  name ?? `${loss.name}(${student}, ${teacher})`

/** Where the run keeps the trained heads of a loss, and its memory. */
export const headsOf = (term: string): string => `heads ${term}`
export const memoryOf = (term: string): string => `memory ${term}`

/** Whether tensors of that store belong to a loss. */
export const isHeadStore = (store: string): boolean => store.startsWith(headsOf(''))

const SIDES = ['student', 'teacher'] as const

/** The passes of both sides: on the edge's views under the side's name, on the loss's further views under `<side>@<view>`. */
function passesOf({ student, teacher, loss, on = {} }: EdgeOptions): Record<string, Pass> {
  const actors = { student, teacher }
  const entries = SIDES.flatMap((side) => {
    const pass = { actor: actors[side], taps: loss.taps?.[side] ?? [] }
    const further = (loss.views ?? []).map((view) => [`${side}@${view}`, { ...pass, view }] as const)
    return [[side, { ...pass, view: on[side] }] as const, ...further]
  })
  return Object.fromEntries(entries)
}

/** A distillation loss between two actors, as a term. Heads and memory are looked up under `headsOf` and `memoryOf`. */
export function distillationTerm(edge: EdgeOptions): LossTerm {
  const { loss, weight, stopGradient: stop = 'teacher' } = edge
  const name = edgeName(edge)
  const pairOf = (outputs: Outputs, view = '') => {
    const [student, teacher] = SIDES.map((side) => {
      const seen = outputs[`${side}${view}`]!
      return stop === side ? cutOff(seen) : seen
    }) as [PassOutputs, PassOutputs]
    return { student, teacher }
  }
  return {
    name,
    weight,
    passes: passesOf(edge),
    ...(loss.fields && { fields: loss.fields }),
    ...(loss.labels && { labels: loss.labels }),
    ...(loss.distribution && { distribution: loss.distribution }),
    ...(loss.comparesSamples && { comparesSamples: true }),
    ...(edge.rows && { rows: edge.rows }),
    compute(outputs, { tensors, statistics, update, ...context }) {
      const views = loss.views?.map((view) => [view, pairOf(outputs, `@${view}`)] as const)
      const { outputs: _, taps: __, ...rows } = outputs['student']!
      return loss.compute({
        ...context,
        ...rows,
        ...pairOf(outputs),
        ...(views && { views: Object.fromEntries(views) }),
        heads: scopeOf(headsOf(name), tensors),
        memory: scopeOf(memoryOf(name), statistics),
        remember: (key, value) => update(`${memoryOf(name)}/${key}`, value),
      })
    },
  }
}
