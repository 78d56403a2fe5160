import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '../use-backend.ts'
import {
  concatTokens,
  embedding,
  graph,
  meanToken,
  predict,
  selfAttention,
  unitLength,
  type FieldSpec,
  type OpCall,
} from '@gpdjs/core'
import { checkOp, type Numbers } from './testing/check-op.ts'

const floats = (...shape: number[]): FieldSpec => ({ shape, dtype: 'float32' })
const TOKENS = 4
const BATCH = [0, 1]
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** An op that reads the inputs in their order. */
function single(op: OpCall, inputs: Readonly<Record<string, FieldSpec>>) {
  const g = graph({ name: 'one', inputs })
  return g.build(g.add('op', op, ...Object.keys(inputs)))
}

/** Softmax attention of one head of two channels, by its definition. */
const attention =
  (sees: (query: number, key: number, batch: number) => boolean, heads: number) =>
  (values: Numbers): number[] => {
    const size = 2
    const width = 3 * heads * size
    const at = (b: number, t: number, kind: number, head: number, i: number) =>
      values['x']![(b * TOKENS + t) * width + (kind * heads + head) * size + i]!
    const result = (b: number, t: number, head: number) => {
      const keys = range(TOKENS).filter((key) => sees(t, key, b))
      const scores = keys.map((key) =>
        Math.exp(range(size).reduce((sum, i) => sum + at(b, t, 0, head, i) * at(b, key, 1, head, i), 0) / Math.SQRT2),
      )
      const total = scores.reduce((sum, score) => sum + score, 0)
      return range(size).map((i) =>
        keys.reduce((sum, key, n) => sum + (scores[n]! / total) * at(b, key, 2, head, i), 0),
      )
    }
    return BATCH.flatMap((b) => range(TOKENS).flatMap((t) => range(heads).flatMap((head) => result(b, t, head))))
  }

const MASK = [1, 1, 1, 0, 1, 1, 0, 0]
const counts = (key: number, batch: number) => MASK[batch * TOKENS + key] === 1

describe.each(['cpu', 'wasm'] as const)('ops on tokens on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('embedding takes rows of its table, and sums up what the same row is used for', () => {
    const network = single(embedding({ units: 3, vocabulary: 5 }), { ids: { shape: [4], dtype: 'int32', size: 5 } })
    const ids = [1, 4, 1, 0, 2, 2, 2, 0]
    checkOp(network, { ids }, (values) => ids.flatMap((id) => values['op.weight']!.slice(3 * id, 3 * id + 3)))
    expect(network.groups).toEqual([])
  })

  it('embedding of one entry, and of none', () => {
    const network = single(embedding({ units: 2, vocabulary: 3 }), { id: { shape: [], dtype: 'int32' } })
    expect(network.shapes['op']).toEqual([2])
    checkOp(network, { id: [2, 0] }, (values) => [2, 0].flatMap((id) => values['op.weight']!.slice(2 * id, 2 * id + 2)))
  })

  it('attention reads all tokens or, if causal, each token and those before it', () => {
    const inputs = { x: floats(TOKENS, 12) }
    checkOp(
      single(selfAttention({ heads: 2 }), inputs),
      {},
      attention(() => true, 2),
    )
    checkOp(
      single(selfAttention({ heads: 2, causal: true }), inputs),
      {},
      attention((query, key) => key <= query, 2),
    )
  })

  it('attention does not read padding', () => {
    const network = (causal: boolean) => {
      const g = graph({ name: 'one', inputs: { x: floats(TOKENS, 12), m: { shape: [TOKENS], dtype: 'float32' } } })
      return g.build(g.add('op', selfAttention({ heads: 2, causal }), 'x', 'm'))
    }
    const seen = (causal: boolean) => attention((query, key, b) => counts(key, b) && (!causal || key <= query), 2)
    for (const causal of [false, true]) checkOp(network(causal), { m: MASK }, seen(causal), ['m'])
  })

  it('attention of a text that is padding only gives numbers', () => {
    const network = single(selfAttention({ heads: 1 }), { x: floats(TOKENS, 6), m: floats(TOKENS) })
    const y = predict({ network, parameters: {}, statistics: {} }, { x: tf.ones([1, 4, 6]), m: tf.zeros([1, 4]) })
    expect(Array.from(y.dataSync()).every((value) => Math.abs(value - 1) < 1e-6)).toBe(true)
  })

  it('causal results do not depend on later tokens, to the last bit', () => {
    const network = single(selfAttention({ heads: 2, causal: true }), { x: floats(TOKENS, 12) })
    const x = tf.randomNormal([1, TOKENS, 12], 0, 1, 'float32', 3)
    const last = tf.concat([tf.slice(x, [0, 0, 0], [1, 3, 12]), tf.randomNormal([1, 1, 12], 0, 9, 'float32', 4)], 1)
    const run = (input: tf.Tensor) => Array.from(predict({ network, parameters: {}, statistics: {} }, input).dataSync())
    expect(run(last).slice(0, 12)).toEqual(run(x).slice(0, 12))
    expect(run(last).slice(12)).not.toEqual(run(x).slice(12))
  })

  it('meanToken is the mean of the tokens that count', () => {
    const x = (values: Numbers, b: number, t: number, c: number) => values['x']![(b * TOKENS + t) * 3 + c]!
    const mean = (weight: (values: Numbers, b: number, t: number) => number) => (values: Numbers) =>
      BATCH.flatMap((b) =>
        range(3).map((c) => {
          const weights = range(TOKENS).map((t) => weight(values, b, t))
          const total = weights.reduce((sum, w) => sum + w, 0)
          return weights.reduce((sum, w, t) => sum + (w * x(values, b, t, c)) / total, 0)
        }),
      )
    checkOp(
      single(meanToken(), { x: floats(TOKENS, 3) }),
      {},
      mean(() => 1),
    )
    const masked = single(meanToken(), { x: floats(TOKENS, 3), m: floats(TOKENS) })
    checkOp(
      masked,
      { m: MASK },
      mean((values, b, t) => values['m']![b * TOKENS + t]!),
    )
    const empty = { x: tf.ones([1, TOKENS, 3]), m: tf.zeros([1, TOKENS]) }
    expect(Array.from(predict({ network: masked, parameters: {}, statistics: {} }, empty).dataSync())).toEqual([
      0, 0, 0,
    ])
  })

  it('concatTokens puts one text behind the other', () => {
    const network = single(concatTokens(), { a: floats(2, 3), b: floats(1, 3) })
    checkOp(network, {}, ({ a, b }) =>
      BATCH.flatMap((i) => [...a!.slice(6 * i, 6 * i + 6), ...b!.slice(3 * i, 3 * i + 3)]),
    )
  })

  it('unitLength divides by the length', () => {
    const network = single(unitLength(), { x: floats(3) })
    checkOp(network, {}, ({ x }) =>
      BATCH.flatMap((b) => {
        const row = x!.slice(3 * b, 3 * b + 3)
        return row.map((value) => value / Math.hypot(...row))
      }),
    )
    const zero = tf.grad((x: tf.Tensor) => predict({ network, parameters: {}, statistics: {} }, x))(tf.zeros([1, 3]))
    expect(Array.from(zero.dataSync()).every(Number.isFinite)).toBe(true)
  })
})

describe('ops on tokens', () => {
  it('refuse what does not fit, naming the node', () => {
    const ids = (size: number): FieldSpec => ({ shape: [4], dtype: 'int32', size })
    expect(() => single(embedding({ units: 2, vocabulary: 3 }), { ids: ids(5) })).toThrow(
      /'op': expected entries below 3.*up to 4/,
    )
    expect(() => single(embedding({ units: 2, vocabulary: 3 }), { x: floats(4) })).toThrow(
      /'op' \(embedding\): expected int32 numbers, but 'x' is float32/,
    )
    expect(() => single(meanToken(), { x: floats(4, 2), m: floats(3) })).toThrow(
      /'op': expected a mask \[4\], got \[3\]/,
    )
    expect(() => single(selfAttention({ heads: 1 }), { x: floats(4, 6), m: floats(4, 1) })).toThrow(
      /'op': expected a mask \[4\], got \[4, 1\]/,
    )
    expect(() => single(concatTokens(), { a: floats(4, 2), b: floats(4, 3) })).toThrow(
      /'op': expected tokens with the same channels, got \[4, 2\] and \[4, 3\]/,
    )
  })
})
