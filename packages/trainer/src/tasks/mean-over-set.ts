import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  kinds,
  mapRecord,
  needed,
  type BatchSource,
  type Given,
  type Predict,
  type Rows,
  type Task,
} from '@gpdjs/core'
import { weightedMean } from '../weighted-mean.ts'

const OPTIONS = {
  /** Samples in a batch. */
  batchSize: needed(kinds.count),
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

/**
 * Metrics that are means over rows, over a whole set: batch by batch, each weighed by its rows. Nothing is read back
 * before the end.
 */
export async function meanOverSet(
  task: Task,
  predict: Predict,
  source: BatchSource,
  options: Given<typeof OPTIONS>,
): Promise<Record<string, number>> {
  const { batchSize } = fillOptions('meanOverSet', OPTIONS, options)
  let total: Sums | undefined
  for (const { fields } of source.batches({ batchSize, seed: 0, epoch: 0, training: false })) {
    const earlier = total
    total = tf.tidy(() => {
      const sums = sumsOf(task, task.rows(predict(fields), fields))
      return earlier ? mapRecord(sums, (sum, name) => tf.add(sum, earlier[name]!)) : { ...sums }
    })
    tf.dispose([{ ...earlier }, { ...fields }])
  }
  const names = Object.keys(total!)
  const stacked = tf.tidy(() => tf.stack(names.map((name) => total![name]!)))
  tf.dispose({ ...total })
  const values = await stacked.data()
  stacked.dispose()
  const weight = values[names.indexOf(WEIGHT)]!
  return Object.fromEntries(names.flatMap((name, i) => (name === WEIGHT ? [] : [[name, values[i]! / weight]])))
}
