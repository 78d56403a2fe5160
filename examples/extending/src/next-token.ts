import * as tf from '@tensorflow/tfjs'
import {
  add,
  dense,
  embedding,
  gelu,
  graph,
  layerNorm,
  positionEmbedding,
  selfAttention,
  type Network,
  type Task,
} from '@gpdjs/core'
import { crossEntropyRows } from '@gpdjs/kd-losses'

export interface LanguageModelOptions {
  /** Different tokens. */
  readonly vocabulary: number
  /** Tokens of a window. */
  readonly tokens: number
  readonly width: number
  /** Blocks of attention and perceptron. Default 1. */
  readonly depth?: number
  /** Default 2. */
  readonly heads?: number
}

/** A causal transformer: tokens `[tokens]` go in, logits of each next token `[tokens, vocabulary]` come out. */
export function languageModel({ vocabulary, tokens, width, depth = 1, heads = 2 }: LanguageModelOptions): Network {
  const spec = { shape: [tokens], dtype: 'int32', size: vocabulary } as const
  const g = graph({ name: 'language-model', inputs: { tokens: spec } })
  const block = (x: string, i: number) => {
    const at = (name: string) => `block${i}.${name}`
    const qkv = g.add(at('qkv'), dense({ units: 3 * width }), g.add(at('norm1'), layerNorm(), x))
    const attended = g.add(
      at('proj'),
      dense({ units: width }),
      g.add(at('attention'), selfAttention({ heads, causal: true }), qkv),
    )
    const y = g.add(at('sum1'), add(), x, attended)
    const hidden = g.add(at('fc1'), dense({ units: 4 * width }), g.add(at('norm2'), layerNorm(), y))
    return g.add(at('sum2'), add(), y, g.add(at('fc2'), dense({ units: width }), g.add(at('gelu'), gelu(), hidden)))
  }
  const embedded = g.add('embedding', embedding({ units: width, vocabulary }), 'tokens')
  const positions = g.add('positions', positionEmbedding(), embedded)
  const x = Array.from({ length: depth }, (_, i) => i).reduce(block, positions)
  return g.build(g.add('head', dense({ units: vocabulary }), g.add('norm', layerNorm(), x)))
}

/** `[batch, tokens, …]` without the last, or without the first token, as rows. */
const without = (which: 'first' | 'last', x: tf.Tensor): tf.Tensor => {
  const [batch, tokens, ...rest] = x.shape as [number, number, ...number[]]
  const begin = [0, which === 'first' ? 1 : 0, ...rest.map(() => 0)]
  return tf.reshape(tf.slice(x, begin, [batch, tokens - 1, ...rest]), [batch * (tokens - 1), ...rest])
}

/** Predicts each token from those before it. A row is a token; judged by `bits` per token, the least is best. */
export const nextToken = (): Task<'bits' | 'loss'> => ({
  name: 'next-token',
  outputs: ['logits'],
  fields: { tokens: { dtype: 'int32' } },
  rows: ({ logits }, { tokens }) => ({
    logits: without('last', logits!),
    labels: without('first', tokens!),
  }),
  objective: {
    name: 'cross-entropy',
    weight: 1,
    compute: ({ logits, labels }) => crossEntropyRows(logits, labels),
  },
  measure: ({ logits, labels }) => ({ bits: tf.div(tf.mean(crossEntropyRows(logits, labels)), Math.LN2) }),
  judge: { metric: 'bits', goal: 'min' },
})
