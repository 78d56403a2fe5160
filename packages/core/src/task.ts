import type * as tf from '@tensorflow/tfjs'
import type { BatchSource } from './batch.ts'
import { expectedFieldKind, type EntryRules, type Fields, type FieldSpec } from './fields.ts'
import { distributionKind, type Distribution, type Labels } from './labels.ts'
import type { Network } from './network/network.ts'
import * as kinds from './options/kinds.ts'
import { needed, optional } from './options/option.ts'
import { scheduleKind, type Schedule } from './schedule.ts'

/** What is expected of a field. */
export interface ExpectedField extends Pick<FieldSpec, 'dtype'> {
  /** Without the batch axis; a name stands for any size: `['classes']`. Default: any shape. */
  readonly shape?: readonly (number | string)[]
}

/** Outputs of a network and their targets, row by row. A row is what is predicted: an image, a token, a query. */
export interface Rows {
  /** `[rows, classes]` */
  readonly logits: tf.Tensor2D
  /** Of as many rows. */
  readonly labels: Labels
  /** How much each row counts, `[rows]`, each ≥ 0: 0 for padding. Default: all rows count alike. */
  readonly weights?: tf.Tensor1D
}

/** `Rows` as a task returns them: tensors of any type, whose shapes are checked. */
export type GivenRows = { readonly [K in keyof Rows]: tf.Tensor }

/** The loss of every learner on the data themselves. */
export interface Objective {
  /** Logged as `<name>(<learner>)`, for example `cross-entropy(student)`. */
  readonly name: string
  /** 0 for pure distillation. */
  readonly weight: Schedule
  /** Further views of the inputs on which it is computed and added, such as `['strong']`. */
  readonly views?: readonly string[]
  /** One value per row, `[rows]`. Disposes nothing. */
  compute(rows: Rows): tf.Tensor
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
  /** What a batch must hold beside the inputs of networks; where there is a list, any of it. */
  readonly fields: Readonly<Record<string, ExpectedField | readonly ExpectedField[]>>
  /** What the logits of its rows are; losses of the other distribution are refused. Default `categorical`. */
  readonly distribution?: Distribution
  /** Whether `rows` gives weights: losses that compare samples are refused then. Default false. */
  readonly weighsRows?: boolean
  /** Disposes nothing. */
  rows(outputs: Fields, fields: Fields): GivenRows
  readonly objective: Objective
  /** Metrics of some rows, each a mean over them (weighed by their weights); logged in every step. Scalars. */
  measure(rows: Rows): Readonly<Record<string, tf.Tensor>>
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
  /**
   * What the entries of its fields must be, which sources check. Labels are soft where one of them is no `index`: losses that
   * need class indices are refused then. Default: nothing is known.
   */
  entries?(networks: Readonly<Record<string, Network>>, fields: Readonly<Record<string, FieldSpec>>): EntryRules
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
  fields: needed(kinds.recordOf(kinds.either(expectedFieldKind, kinds.listOf(expectedFieldKind)))),
  distribution: optional(distributionKind),
  weighsRows: optional(kinds.flag),
  rows: needed(kinds.functionOf()),
  objective: needed(objectives),
  measure: needed(kinds.functionOf()),
  evaluate: optional(kinds.functionOf()),
  judge: needed(kinds.record({ metric: needed(kinds.text), goal: needed(kinds.oneOf('max', 'min')) })),
  check: optional(kinds.functionOf()),
  entries: optional(kinds.functionOf()),
})
