import * as tf from '@tensorflow/tfjs'
import { dense, graph, relu, unitLength, type BatchSource, type Network, type Task } from '@gpdjs/core'
import { crossEntropyRows } from '@gpdjs/kd-losses'

/** A tower for queries and one for documents: vectors go in, unit vectors of one space come out. */
export function twoTowers(sizes: {
  readonly query: number
  readonly document: number
  readonly width: number
}): Network {
  const g = graph({
    name: 'two-towers',
    inputs: {
      query: { shape: [sizes.query], dtype: 'float32' },
      document: { shape: [sizes.document], dtype: 'float32' },
    },
  })
  const tower = (input: 'query' | 'document') => {
    const hidden = g.add(`${input}.relu`, relu(), g.add(`${input}.fc1`, dense({ units: sizes.width }), input))
    return g.add(`${input}.unit`, unitLength(), g.add(`${input}.fc2`, dense({ units: 8 }), hidden))
  }
  return g.build({ query: tower('query'), document: tower('document') })
}

const dot = (queries: tf.Tensor, documents: tf.Tensor) => tf.matMul<tf.Tensor2D>(queries, documents, false, true)

/** Whether each query's own document, the one of its number, scores highest. */
const isFirst = (scores: tf.Tensor, own: tf.Tensor) => tf.cast(tf.equal(tf.argMax(scores, 1), own), 'float32')

/** Vectors of a whole set. They stay: a corpus of this size fits into memory. */
function embed(predict: Parameters<NonNullable<Task['evaluate']>>[0], source: BatchSource, batchSize: number) {
  const batches = [...source.batches({ batchSize, seed: 0, epoch: 0, training: false })]
  return tf.tidy(() => {
    const outputs = batches.map(({ fields }) => predict(fields))
    tf.dispose(batches.map(({ fields }) => ({ ...fields })))
    const all = (name: string) => tf.concat(outputs.map((output) => output[name]!))
    return { query: all('query'), document: all('document') }
  })
}

/**
 * Pairs of queries and documents: every query is to find its own document among those of the batch, which are the classes
 * of its row (in-batch contrastive loss). Judged by `recall@1` among the documents of the whole set.
 *
 * @param options.temperature divides the cosines (default 0.1)
 * @see Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", 2020, section 2.1
 */
export const pairs = ({ temperature = 0.1 } = {}): Task<'recall@1'> => ({
  name: 'pairs',
  outputs: ['query', 'document'],
  fields: {},
  rows: ({ query, document }) => ({
    logits: tf.div(dot(query!, document!), temperature),
    labels: tf.range(0, query!.shape[0]!, 1, 'int32'),
  }),
  objective: {
    name: 'contrastive',
    weight: 1,
    compute: ({ logits, labels }) => crossEntropyRows(logits, labels),
  },
  measure: ({ logits, labels }) => ({ 'recall@1': tf.mean(isFirst(logits, labels)) }),
  async evaluate(predict, source, { batchSize }) {
    const { query, document } = embed(predict, source, batchSize)
    const recall = tf.tidy(() => tf.mean(isFirst(dot(query, document), tf.range(0, source.size, 1, 'int32'))))
    const [value] = await recall.data()
    tf.dispose([query, document, recall])
    return { 'recall@1': value! }
  },
  judge: { metric: 'recall@1', goal: 'max' },
})
