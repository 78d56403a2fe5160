import * as tf from '@tensorflow/tfjs'
import {
  distributionKind,
  GpdError,
  kinds,
  needed,
  optional,
  scheduleKind,
  stopGradient,
  type ActorOutputs,
  type Distribution,
  type Fields,
  type Network,
  type RandomStream,
  type Rows,
  type Schedule,
  type TensorRecord,
} from '@gpdjs/core'
import { passKind, type Pass } from './pass.ts'
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

/** `LossTerm` as objects of users are checked. */
export const termKind = kinds.members<LossTerm>('{ name, weight, passes, compute }', {
  name: needed(kinds.text),
  weight: needed(scheduleKind),
  passes: needed(kinds.recordOf(passKind)),
  fields: optional(kinds.listOf(kinds.text, { least: 0, expected: 'a list of names' })),
  comparesSamples: optional(kinds.flag),
  labels: optional(kinds.oneOf('index')),
  distribution: optional(distributionKind),
  networks: optional(kinds.kind('a list of networks', Array.isArray)),
  leastBatch: optional(kinds.count),
  compute: needed(kinds.functionOf()),
  rows: optional(kinds.functionOf()),
})

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
