import type * as tf from '@tensorflow/tfjs'
import type { BatchSource } from './batch.ts'
import { expectedFieldKind, type Fields, type FieldSpec } from './fields.ts'
import type { Network } from './network/network.ts'
import * as kinds from './options/kinds.ts'
import { needed, optional } from './options/option.ts'
import { scheduleKind, type Schedule } from './schedule.ts'

/** What is expected of a field; without a shape, any will do. */
export type ExpectedField = Pick<FieldSpec, 'dtype'> & Partial<Pick<FieldSpec, 'shape'>>

/** Outputs of a network and their targets, row by row. A row is what is predicted: an image, a token, a query. */
export interface Rows {
  /** `[rows, classes]` */
  readonly logits: tf.Tensor2D
  /** Class indices, int32 `[rows]` */
  readonly labels: tf.Tensor1D
  /** How much each row counts, `[rows]`, each ≥ 0: 0 for padding. Default: all rows count alike. */
  readonly weights?: tf.Tensor1D
}

/** The loss of every learner on the data themselves. */
export interface Objective {
  /** Logged as `<name>(<learner>)`, for example `cross-entropy(student)`. */
  readonly name: string
  /** 0 for pure distillation. */
  readonly weight: Schedule
  /** Further views of the inputs on which it is computed and added, such as `['strong']`. */
  readonly views?: readonly string[]
  /** One value per row, `[rows]`. Disposes nothing. */
  compute(rows: Rows): tf.Tensor1D
}

/** A network as a function of a batch, in evaluation mode: the outputs that the task reads. */
export type Predict = (fields: Fields) => Fields

/** How a whole set is gone through. */
export interface EvaluationOptions {
  readonly batchSize: number
  /** To be looked at after each batch: once it is aborted, evaluation ends by throwing its reason. */
  readonly signal?: AbortSignal
}

/**
 * What networks are trained for. It turns outputs and fields of a batch into rows of logits with labels; the objective,
 * the distillation losses and the metrics work on these rows, whatever the task is.
 *
 * @example classification() // of `@gpdjs/trainer`, the default
 */
export interface Task<Metric extends string = string> {
  /** Kebab-case: `'classification'`. */
  readonly name: string
  /** Outputs that every network of a run must have. */
  readonly outputs: readonly string[]
  /** What a batch must hold beside the inputs of networks; without a shape, any will do. */
  readonly fields: Readonly<Record<string, ExpectedField>>
  /** Whether `rows` gives weights: losses that compare samples are refused then. Default false. */
  readonly weighsRows?: boolean
  /** Disposes nothing. */
  rows(outputs: Fields, fields: Fields): Rows
  readonly objective: Objective
  /** Metrics of some rows, each a mean over them (weighed by their weights); logged in every step. Scalars. */
  measure(rows: Rows): Readonly<Record<string, tf.Scalar>>
  /**
   * Metrics of a whole set. Default: `loss`, the mean of the objective, and the means of `measure`, over all rows. Written
   * for metrics that are no such means: a rank in a corpus, the area under a curve.
   */
  evaluate?(predict: Predict, source: BatchSource, options: EvaluationOptions): Promise<Record<Metric, number>>
  /** The metric of the validation set by which epochs are compared. */
  readonly judge: { readonly metric: Metric; readonly goal: 'max' | 'min' }
  /**
   * Checks what the fields' shapes and types do not express.
   *
   * @param networks of all actors, by name
   * @param fields of a source
   * @param source what messages call it: `'train'`, `'validation'`
   * @throws GpdError `data.mismatch`
   */
  check?(networks: Readonly<Record<string, Network>>, fields: Readonly<Record<string, FieldSpec>>, source: string): void
}

const names = kinds.listOf(kinds.text, { least: 0, expected: 'a list of names' })

const objectives = kinds.members<Objective>('{ name, weight, compute }', {
  name: needed(kinds.text),
  weight: needed(scheduleKind),
  views: optional(names),
  compute: needed(kinds.functionOf()),
})

/** `Task` as objects of users are checked. */
export const taskKind = kinds.members<Task>('a task such as classification()', {
  name: needed(kinds.text),
  outputs: needed(names),
  fields: needed(kinds.recordOf(expectedFieldKind)),
  weighsRows: optional(kinds.flag),
  rows: needed(kinds.functionOf()),
  objective: needed(objectives),
  measure: needed(kinds.functionOf()),
  evaluate: optional(kinds.functionOf()),
  judge: needed(kinds.record({ metric: needed(kinds.text), goal: needed(kinds.oneOf('max', 'min')) })),
  check: optional(kinds.functionOf()),
})
