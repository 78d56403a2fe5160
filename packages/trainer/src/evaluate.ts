import type * as tf from '@tensorflow/tfjs'
import {
  apply,
  asOutOfMemory,
  fillOptions,
  kinds,
  option,
  optional,
  taskKind,
  type Given,
  type Model,
  type Predict,
  type Task,
} from '@gpdjs/core'
import { sourceOf, type GivenData } from './given-data.ts'
import { trainedModelOf, type WeightedModel } from './given-model.ts'
import { checkSource } from './pipeline/check-source.ts'
import { checkValues } from './pipeline/check-values.ts'
import { defaultTask } from './tasks/default-task.ts'
import { meanOverSet } from './tasks/mean-over-set.ts'

const OPTIONS = {
  /** What is measured (default: `classification()`, or `multiLabel()` for a model that ended in sigmoids: `acc` and `loss`). */
  task: optional(taskKind),
  /** Samples in a batch (default 250). */
  batchSize: option(kinds.count, 250),
  /** Evaluation ends with its reason after the batch during which it is aborted. */
  signal: optional(kinds.objectWith<AbortSignal>('an AbortSignal', 'aborted')),
}

export interface EvaluateOptions<Metric extends string> extends Omit<Given<typeof OPTIONS>, 'task'> {
  /** What is measured (default: `classification()`, or `multiLabel()` for a model that ended in sigmoids: `acc` and `loss`). */
  readonly task?: Task<Metric>
}

/** A network as a function of a batch: the outputs that a task reads, in evaluation mode. */
const predictionOf =
  (model: Model, { outputs }: Pick<Task, 'outputs'>): Predict =>
  (fields) =>
    apply(model, fields, { training: false, outputs }).outputs

/**
 * The metrics of a task over a whole set, in evaluation mode.
 *
 * @param model a network with its weights, or a `tf.LayersModel`
 * @param data a source, or `{ xs, ys }` as `model.evaluate` takes them
 * @throws GpdError `config.*` for arguments and options; `data.missing`, `data.mismatch` if the set is not what network and task
 *   read; `data.label-range` for labels that are no classes; `backend.out-of-memory`, with a batch to try; the reason of `signal`
 *   once it is aborted
 * @example const { acc } = await evaluate(run.student, test)
 */
export async function evaluate<Metric extends string = 'acc' | 'loss'>(
  model: WeightedModel | tf.LayersModel,
  data: GivenData,
  options: EvaluateOptions<Metric> = {},
): Promise<Record<Metric, number>> {
  const { batchSize, signal, ...given } = fillOptions('evaluate', OPTIONS, options)
  const source = sourceOf('evaluate', data)
  const { dispose, activation, ...trained } = trainedModelOf('evaluate', model)
  const { task = defaultTask(activation) as unknown as Task<Metric> } = given as { readonly task?: Task<Metric> }
  const networks = { network: trained.network }
  const measure = task.evaluate ?? ((...given) => meanOverSet(task, ...given) as Promise<Record<Metric, number>>)
  try {
    checkSource(task, networks, 'evaluated', source.fields)
    await checkValues(task, networks, source)
    return await measure(predictionOf(trained, task), source, { batchSize, ...(signal && { signal }) })
  } catch (error) {
    throw asOutOfMemory(error, batchSize)
  } finally {
    dispose()
  }
}
