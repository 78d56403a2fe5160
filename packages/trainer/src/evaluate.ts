import * as tf from '@tensorflow/tfjs'
import { apply, GpdError, type Network, type TensorRecord } from '@gpdjs/core'
import { crossEntropy } from '@gpdjs/kd-losses'
import type { BatchSource, TensorBatch } from './data/batch-source.ts'

export interface Evaluation {
  /** Share of samples whose largest logit is the label's, in [0, 1]. */
  readonly accuracy: number
  /** Mean cross-entropy, in nats. */
  readonly loss: number
  readonly samples: number
}

/** A network with the tensors it runs on. */
export interface TrainedNetwork {
  readonly network: Network
  readonly parameters: TensorRecord
  readonly statistics: TensorRecord
}

/** `[correct, summed loss]` of one batch. */
function scores({ network, parameters, statistics }: TrainedNetwork, { xs, ys }: TensorBatch): tf.Tensor1D {
  const { logits } = apply(network, parameters, statistics, xs, { training: false })
  const correct = tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), ys), 'float32'))
  return tf.stack([correct, tf.mul(crossEntropy(logits, ys), ys.shape[0])]) as tf.Tensor1D
}

/**
 * Accuracy and loss over a whole set, in evaluation mode.
 *
 * @throws GpdError `data.mismatch` if the set has other classes than the network, `data.label-range`
 */
export async function evaluate(
  trained: TrainedNetwork,
  source: BatchSource,
  options: { readonly batchSize?: number } = {},
): Promise<Evaluation> {
  if (source.classes !== trained.network.classes) {
    throw new GpdError(
      'data.mismatch',
      `evaluate: the data has ${source.classes} classes, the network ${trained.network.classes}.`,
    )
  }
  await source.check?.()
  let total = tf.tensor1d([0, 0])
  for (const batch of source.batches({ batchSize: options.batchSize ?? 250, seed: 0, epoch: 0 })) {
    const sum = tf.tidy(() => tf.add<tf.Tensor1D>(total, scores(trained, batch)))
    tf.dispose([total, batch.xs, batch.ys])
    total = sum
  }
  const [correct, loss] = await total.data()
  total.dispose()
  return { accuracy: correct! / source.size, loss: loss! / source.size, samples: source.size }
}
