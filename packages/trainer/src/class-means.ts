import * as tf from '@tensorflow/tfjs'
import {
  apply,
  checkModel,
  fillOptions,
  GpdError,
  kinds,
  option,
  type Fields,
  type Given,
  type Model,
} from '@gpdjs/core'
import { sourceOf, type GivenData } from './given-data.ts'
import { checkValues } from './pipeline/check-values.ts'
import { checkSource } from './pipeline/check-source.ts'
import { classification } from './tasks/classification.ts'

const OPTIONS = {
  /** A tap that gives one vector per image (default `'pool'`). */
  tap: option(kinds.text, 'pool'),
  /** Images in a batch (default 250). */
  batchSize: option(kinds.count, 250),
}

export type ClassMeansOptions = Given<typeof OPTIONS>

/** A mean shorter than this has no direction. */
const LEAST_LENGTH = 1e-6

/** Sums of the features of each class, and how many there are: `[classes, values]`, `[classes, 1]`. */
interface Sums {
  readonly features: tf.Tensor
  readonly counts: tf.Tensor
}

function sumsOf(model: Model, fields: Fields, classes: number, tap: string): Sums {
  const { taps } = apply(model, fields, { training: false, outputs: [], taps: [tap] })
  const features = taps[tap]!
  if (features.rank !== 2) {
    const problem = `classMeans: expected one vector per image at '${tap}', got [${features.shape.join(', ')}].`
    throw new GpdError('network.shape', problem, `Name a tap after the pooling, such as 'pool'.`)
  }
  const labels = fields['label']!
  // Of soft labels an image counts for every class by its share.
  const members = tf.cast(labels.rank === 2 ? labels : tf.oneHot(labels, classes), 'float32') as tf.Tensor2D
  return {
    features: tf.matMul(members, features as tf.Tensor2D, true, false),
    counts: tf.expandDims(tf.sum(members, 0), 1),
  }
}

/** @throws GpdError `data.mismatch` for a class without a mean, or whose mean has no direction */
function checkMeans(means: readonly (readonly number[])[], counts: readonly number[]): void {
  const empty = counts.indexOf(0)
  if (empty >= 0) {
    const problem = `classMeans: expected images of every class, got none of class ${empty}.`
    throw new GpdError('data.mismatch', problem, 'Use the whole training set.')
  }
  const short = means.findIndex((mean) => Math.hypot(...mean) < LEAST_LENGTH)
  if (short < 0) return
  const problem = `classMeans: expected features with a direction, got a mean of about 0 for class ${short}.`
  throw new GpdError('data.mismatch', problem, 'Check that the network is trained, and name another tap.')
}

/**
 * The mean feature of each class over a whole set, in evaluation mode and without augmentation: what `nd` compares with.
 *
 * @param teacher a trained network
 * @param data its training images, normalized as in its own training, classes in the order of the student's
 * @returns `[classes][values]`
 * @throws GpdError `data.mismatch` if the set has other classes than the network, none of a class, or a mean is about 0; `data.label-range`;
 *   `network.invalid` with the taps that exist; `network.shape` for a tap that is no vector
 * @example nd({ centers: await classMeans(teacher, train) })
 * @see Wang et al., "Improving Knowledge Distillation via Regularizing Feature Norm and Direction", 2023, section 3.2
 */
export async function classMeans(
  teacher: Model,
  data: GivenData,
  options: ClassMeansOptions = {},
): Promise<number[][]> {
  const { tap, batchSize } = fillOptions('classMeans', OPTIONS, options)
  checkModel('classMeans', teacher)
  const [source, task, networks] = [sourceOf('classMeans', data), classification(), { teacher: teacher.network }]
  checkSource(task, networks, 'given', source.fields)
  await checkValues(task, networks, source)
  const { shapes, outputs } = teacher.network
  const classes = shapes[outputs['logits']!]!.at(-1)!
  let total: Sums | undefined
  for (const { fields } of source.batches({ batchSize, seed: 0, epoch: 0, training: false })) {
    const earlier = total
    total = tf.tidy(() => {
      const own = sumsOf(teacher, fields, classes, tap)
      return earlier
        ? { features: tf.add(earlier.features, own.features), counts: tf.add(earlier.counts, own.counts) }
        : { ...own }
    })
    tf.dispose([{ ...earlier }, { ...fields }])
  }
  const { features, counts } = total!
  const means = tf.tidy(() => tf.div(features, tf.maximum(counts, 1)))
  const [rows, found] = [(await means.array()) as number[][], [...(await counts.data())]]
  tf.dispose([features, counts, means])
  checkMeans(rows, found)
  return rows
}
