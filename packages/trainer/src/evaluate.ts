import {
  apply,
  asOutOfMemory,
  fillOptions,
  kinds,
  option,
  optional,
  type BatchSource,
  type Given,
  type Model,
  type Predict,
  type Task,
} from '@gpdjs/core'
import { checkSource } from './pipeline/check-source.ts'
import { tasks } from './distill-options.ts'
import { classification } from './tasks/classification.ts'
import { meanOverSet } from './tasks/mean-over-set.ts'

const OPTIONS = {
  /** What is measured (default: `classification()`, `acc` and `loss`). */
  task: optional(tasks),
  /** Samples in a batch (default 250). */
  batchSize: option(kinds.count, 250),
  /** Evaluation ends with its reason after the batch during which it is aborted. */
  signal: optional(kinds.objectWith<AbortSignal>('an AbortSignal', 'aborted')),
}

export interface EvaluateOptions<Metric extends string> extends Omit<Given<typeof OPTIONS>, 'task'> {
  /** What is measured (default: `classification()`, `acc` and `loss`). */
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
 * @throws GpdError `data.missing`, `data.mismatch` if the set is not what network and task read; what `source.check`
 *   throws; `backend.out-of-memory`, with a batch to try; the reason of `signal` once it is aborted
 * @example const { acc } = await evaluate(run.student, test)
 */
export async function evaluate<Metric extends string = 'acc' | 'loss'>(
  model: Model,
  source: BatchSource,
  options: EvaluateOptions<Metric> = {},
): Promise<Record<Metric, number>> {
  const { batchSize, signal, ...given } = fillOptions('evaluate', OPTIONS, options)
  const { task = classification() as unknown as Task<Metric> } = given as { readonly task?: Task<Metric> }
  checkSource(task, { network: model.network }, 'evaluated', source.fields)
  await source.check?.()
  const measure = task.evaluate ?? ((...given) => meanOverSet(task, ...given) as Promise<Record<Metric, number>>)
  try {
    return await measure(predictionOf(model, task), source, { batchSize, ...(signal && { signal }) })
  } catch (error) {
    throw asOutOfMemory(error, batchSize)
  }
}
