import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '../use-backend.ts'
import {
  embedding,
  fieldProducts,
  graph,
  initializeParameters,
  mixFields,
  predict,
  rescale,
  sumChannels,
  widenNetwork,
  type FieldSpec,
  type OpCall,
} from '@gpdjs/core'
import { checkOp, type Numbers } from './testing/check-op.ts'

const [FIELDS, WIDTH] = [4, 3]
const BATCH = [0, 1]
const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const total = (n: number, term: (i: number) => number) => range(n).reduce((sum, i) => sum + term(i), 0)
const floats = (...shape: number[]): FieldSpec => ({ shape, dtype: 'float32' })

function single(op: OpCall, ...inputs: string[]) {
  const specs = Object.fromEntries(inputs.map((name) => [name, floats(FIELDS, WIDTH)]))
  const g = graph({ name: 'one', inputs: specs })
  return g.build(g.add('op', op, ...inputs))
}

const at = (values: Numbers, name: string, b: number, field: number, i: number) =>
  values[name]![(b * FIELDS + field) * WIDTH + i]!
/** Of a tensor `[fields, fields, channels]`. */
const pair = (values: Numbers, name: string, f: number, s: number, i: number) =>
  values[name]![(f * FIELDS + s) * WIDTH + i]!

/** `f(b, s, i)` for each sample, field and channel. */
const each = (f: (b: number, s: number, i: number) => number) =>
  BATCH.flatMap((b) => range(FIELDS).flatMap((s) => range(WIDTH).map((i) => f(b, s, i))))

describe.each(['cpu', 'wasm'] as const)('ops on fields on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('mixFields is C · x, and changes nothing before training', () => {
    const network = single(mixFields(), 'x')
    checkOp(network, {}, (values) =>
      each((b, s, i) => total(FIELDS, (f) => values['op.weight']![s * FIELDS + f]! * at(values, 'x', b, f, i))),
    )
    const x = tf.randomNormal([2, FIELDS, WIDTH], 0, 1, 'float32', 2)
    const parameters = initializeParameters(network.parameters, 1)
    expect(predict({ network, parameters, statistics: {} }, x).dataSync()).toEqual(x.dataSync())
  })

  it('fieldProducts, inner, is h⁰_s ⊙ Σ_{f≤s} h_f ⊙ P_{f,s}', () =>
    checkOp(single(fieldProducts({ form: 'inner' }), 'h', 'h0'), {}, (values) =>
      each((b, s, i) => {
        const sum = total(s + 1, (f) => at(values, 'h', b, f, i) * pair(values, 'op.p', f, s, i))
        return at(values, 'h0', b, s, i) * sum
      }),
    ))

  it('fieldProducts, outer, is h⁰_s ⊙ Σ_{f≤s} ⟨h_f, P_{f,s}⟩ Q_{f,s}', () =>
    checkOp(single(fieldProducts({ form: 'outer' }), 'h', 'h0'), {}, (values) =>
      each((b, s, i) => {
        const inner = (f: number) => total(WIDTH, (j) => at(values, 'h', b, f, j) * pair(values, 'op.p', f, s, j))
        return at(values, 'h0', b, s, i) * total(s + 1, (f) => inner(f) * pair(values, 'op.q', f, s, i))
      }),
    ))

  it('sumChannels sums, and divides by the copies', () => {
    const sums = (copies: number) => (values: Numbers) =>
      BATCH.flatMap((b) => range(FIELDS).map((s) => total(WIDTH, (i) => at(values, 'x', b, s, i)) / copies))
    checkOp(single(sumChannels(), 'x'), {}, sums(1))
    checkOp(single(sumChannels({ copies: 3 }), 'x'), {}, sums(3))
  })

  it('rescale is factor · x + shift, rounded after each', () => {
    const [factor, shift] = [
      [2.1, -1, 0.3],
      [0.1, 5, -0.7],
    ]
    const network = single(rescale({ factor: factor!, shift: shift! }), 'x')
    checkOp(network, {}, (values) => each((b, s, i) => at(values, 'x', b, s, i) * factor![i]! + shift![i]!))
    const x = tf.randomNormal([2, FIELDS, WIDTH], 0, 1, 'float32', 2)
    expect(predict({ network, parameters: {}, statistics: {} }, x).dataSync()).toEqual(
      tf.add(tf.mul(x, factor!), shift!).dataSync(),
    )
  })
})

describe('ops on fields', () => {
  /** `h⁰` by embedding, a product of each form, and their sums. */
  function machine() {
    const g = graph({ name: 'fm', inputs: { ids: { shape: [FIELDS], dtype: 'int32', size: 20 } } })
    const first = g.add('first', embedding({ units: WIDTH, vocabulary: 20 }), 'ids')
    const inner = g.add('inner', fieldProducts({ form: 'inner' }), g.add('mix', mixFields(), first), first)
    const outer = g.add('outer', fieldProducts({ form: 'outer' }), inner, first)
    return g.build(g.add('sums', sumChannels(), outer))
  }

  it('keep all channels in the group of the embedding, and widen with it', () => {
    const network = machine()
    expect(network.groups).toEqual(['first'])
    const shapes = Object.fromEntries(widenNetwork(network, { first: 2 }).parameters.map((p) => [p.name, p.shape]))
    expect(shapes).toEqual({
      'first.weight': [20, 6],
      'mix.weight': [4, 4],
      'inner.p': [4, 4, 6],
      'outer.p': [4, 4, 6],
      'outer.q': [4, 4, 6],
    })
    expect(network.multiplyAdds).toEqual({ mix: 16 * 3, inner: 10 * 3, outer: 2 * 10 * 3 })
  })

  it('refuse what does not fit, naming the node', () => {
    const g = graph({ name: 'g', inputs: { a: floats(4, 3), b: floats(4, 2), c: floats(3) } })
    expect(() => g.build(g.add('op', fieldProducts({ form: 'inner' }), 'a', 'b'))).toThrow(
      /'op': expected fields of one shape, got \[4, 3\] and \[4, 2\]/,
    )
    for (const wrong of [NaN, Infinity])
      expect(() => single(rescale({ factor: [1, wrong, 1], shift: [0, 0, 0] }), 'x')).toThrow(
        /rescale: factor.1: expected a finite number/,
      )
    expect(() => single(rescale({ factor: [1], shift: [1, 2, 3] }), 'x')).toThrow(
      /'op': expected one for each of 3 channels, got 1 factors and 3 shifts/,
    )
    const h = graph({ name: 'h', inputs: { c: floats(3) } })
    expect(() => h.build(h.add('op', mixFields(), 'c'))).toThrow(
      /'op': expected fields \[fields, channels\], got \[3\]/,
    )
  })
})
