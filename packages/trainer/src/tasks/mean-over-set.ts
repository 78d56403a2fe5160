import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  kinds,
  mapRecord,
  needed,
  optional,
  type BatchSource,
  type EvaluationOptions,
  type Predict,
  type Rows,
  type Task,
} from '@gpdjs/core'
import { nextTurn } from '../next-turn.ts'
import { weightedMean } from '../weighted-mean.ts'
import { rowsOf } from './rows.ts'

const OPTIONS = {
  /** Samples in a batch. */
  batchSize: needed(kinds.count),
  /** Evaluation ends with its reason after the batch during which it is aborted. */
  signal: optional(kinds.objectWith<AbortSignal>('an AbortSignal', 'aborted')),
}

/** `Σ w`, the number of rows where they have no weights. */
const weightOf = ({ labels, weights }: Rows): tf.Scalar =>
  weights ? (tf.sum(weights) as tf.Scalar) : tf.scalar(labels.shape[0])

/** Metrics of some rows, the mean of the objective among them. */
function metricsOf({ measure, objective }: Task, rows: Rows): Record<string, tf.Scalar> {
  return { ...measure(rows), loss: weightedMean(objective.compute(rows), rows.weights) }
}

/** Sums of each metric times the weight of its batch, and of the weights. */
type Sums = Readonly<Record<string, tf.Tensor>>

const WEIGHT = 'Σ weight'

function sumsOf(task: Task, rows: Rows): Sums {
  const weight = weightOf(rows)
  return { ...mapRecord(metricsOf(task, rows), (metric) => tf.mul(metric, weight)), [WEIGHT]: weight }
}

/** The sums of a batch added to those of earlier ones, which are disposed of. */
function addSums(earlier: Sums | undefined, compute: () => Sums): Sums {
  try {
    return tf.tidy(() => {
      const sums = compute()
      return earlier ? mapRecord(sums, (sum, name) => tf.add(sum, earlier[name]!)) : { ...sums }
    })
  } finally {
    tf.dispose({ ...earlier })
  }
}

/** Sums over all batches. Between two of them timers and signals are served. */
async function sumOverSet(
  task: Task,
  predict: Predict,
  source: BatchSource,
  { batchSize, signal }: EvaluationOptions,
): Promise<Sums> {
  let total: Sums | undefined
  for (const { fields } of source.batches({ batchSize, seed: 0, epoch: 0, training: false })) {
    try {
      total = addSums(total, () => sumsOf(task, rowsOf(task, predict(fields), fields)))
    } finally {
      tf.dispose({ ...fields })
    }
    await nextTurn()
    if (!signal?.aborted) continue
    tf.dispose({ ...total })
    throw signal.reason
  }
  return total!
}

/**
 * Metrics that are means over rows, over a whole set: batch by batch, each weighed by its rows. Nothing is read back
 * before the end.
 *
 * @throws the reason of the signal once it is aborted
 */
export async function meanOverSet(
  task: Task,
  predict: Predict,
  source: BatchSource,
  options: EvaluationOptions,
): Promise<Record<string, number>> {
  const total = await sumOverSet(task, predict, source, fillOptions('meanOverSet', OPTIONS, options))
  const names = Object.keys(total)
  const stacked = tf.tidy(() => tf.stack(names.map((name) => total[name]!)))
  tf.dispose({ ...total })
  const values = await stacked.data()
  stacked.dispose()
  const weight = values[names.indexOf(WEIGHT)]!
  return Object.fromEntries(names.flatMap((name, i) => (name === WEIGHT ? [] : [[name, values[i]! / weight]])))
}
