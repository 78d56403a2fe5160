/** What every op does with attributes: those of its table, at their defaults where they are left out, and no others. */
import * as tf from '@tensorflow/tfjs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { isGpdError } from '../errors.ts'
import { apply, predict } from '../network/apply.ts'
import { foldBatchNorm } from '../network/fold-batch-norm.ts'
import { graph } from '../network/graph.ts'
import { networkDefinition, parseNetwork } from '../network/saved-network.ts'
import { widenNetwork } from '../network/widen.ts'
import type { OptionTable } from '../options/option.ts'
import * as ops from './index.ts'
import { normalize } from './normalize.ts'
import { defineOp, type OpCall } from './op.ts'
import { builtInOps, registerOp } from './registry.ts'

type AnyOp = { readonly attributes?: OptionTable } & ((attributes?: object) => OpCall)

const all = Object.entries(ops) as unknown as readonly (readonly [string, AnyOp])[]

function errorOf(call: () => unknown): { readonly code: string; readonly message: string } {
  try {
    call()
  } catch (error) {
    if (isGpdError(error)) return error
    throw error
  }
  throw new Error('It was accepted.')
}

const { conv2d, dense, dropout, embedding, fieldProducts, flatten, maxPool, relu, rescale, zeroPadding2d } = ops

describe('an op', () => {
  it.each(all)('%s refuses an attribute that it does not have, and says which ones it has', (_, op) => {
    const { code, message } = errorOf(() => op({ noSuchAttribute: 1 }))
    expect(code).toBe('config.unknown-key')
    for (const name of Object.keys(op.attributes ?? {})) {
      expect(message).toContain(name)
      expect(errorOf(() => op({ [`${name}e`]: 1 })).message).toContain(`'${name}e'. Did you mean '${name}'?`)
    }
    expect(errorOf(() => op(3 as never)).code).toBe('config.invalid')
  })

  it.each(all)('%s refuses a value of another type in each of its attributes', (_, op) => {
    for (const name of Object.keys(op.attributes ?? {})) {
      for (const wrong of [NaN, 'a word', null, {}, -1.5e300 * 10 ** 10]) {
        expect(errorOf(() => op({ [name]: wrong })).message, `${name}: ${String(wrong)}`).toMatch(/: \w+: expected/)
      }
    }
  })

  it.each(all)('%s says what has to be given', (_, op) => {
    const missing = Object.entries(op.attributes ?? {}).filter(([, { presence }]) => presence === 'needed')
    if (missing.length === 0) expect(Object.keys(op().attributes)).toEqual(Object.keys(op.attributes ?? {}))
    else expect(errorOf(() => op())).toMatchObject({ code: 'config.missing' })
  })

  it.each<[call: () => OpCall, message: string]>([
    [() => dense({ unit: 10 } as never), "dense: unknown option 'unit'. Did you mean 'units'? Known: units, useBias."],
    [() => conv2d({ filters: 4, kenrelSize: 3 } as never), "conv2d: unknown option 'kenrelSize'. Did you mean 'kernelSize'?"], // prettier-ignore
    [() => conv2d({ filters: 4 } as never), 'conv2d: kernelSize: expected'],
    [() => conv2d({ filters: 4.5, kernelSize: 3 }), 'conv2d: filters: expected a whole number of at least 1, got 4.5.'],
    [
      () => conv2d({ filters: 4, kernelSize: 3, padding: 'smae' as never }),
      'conv2d: padding: expected "same", "valid"',
    ],
    [() => maxPool({ kernelSize: 2, strides: 0 }), 'maxPool: strides: expected'],
    [() => dropout({ rate: 1 }), 'dropout: rate: expected a number from 0 to below 1, got 1.'],
    [() => rescale({ factor: 2, shift: [0] } as never), 'rescale: factor: expected a list, got 2.'],
    [() => rescale({ factor: [1, NaN], shift: [0, 0] }), 'rescale: factor.1: expected a finite number, got NaN.'],
    [() => fieldProducts({ form: 'iner' as never }), `fieldProducts: form: expected "inner" or "outer", got "iner". Did you mean 'inner'?`], // prettier-ignore
    [() => embedding({ units: 4, vocabulary: 0 }), 'embedding: vocabulary: expected a whole number of at least 1'],
    [
      () => zeroPadding2d({ rows: [1], columns: [0, 0] } as never),
      'zeroPadding2d: rows: expected a list [before, after]',
    ],
    [() => relu({ alpha: 1 } as never), "relu: unknown option 'alpha'."],
  ])('refuses %o', (call, message) => expect(errorOf(call).message).toContain(message))

  it('counts an attribute that is undefined as left out', () => {
    expect(dense({ units: 2, useBias: undefined }).attributes).toEqual({ units: 2, useBias: true })
  })

  it('has the types of its table', () => {
    expectTypeOf(relu).toBeCallableWith()
    expectTypeOf(dense).parameter(0).toEqualTypeOf<{ readonly units: number; readonly useBias?: boolean | undefined }>()
    // @ts-expect-error units has no default
    expect(() => dense()).toThrow('units')
  })

  it('shows its table among the built-in ones', () => {
    expect(builtInOps.find(({ name }) => name === 'dense')?.attributes).toHaveProperty('units')
  })
})

describe('a saved network', () => {
  const saved = (attributes: object) => ({
    name: 'n',
    inputs: { image: { shape: [4, 4, 1], dtype: 'float32' } },
    nodes: [
      { id: 'flat', op: 'flatten', attributes: {}, inputs: ['image'] },
      { id: 'fc', op: 'dense', attributes, inputs: ['flat'] },
    ],
    outputs: { logits: 'fc' },
    taps: {},
  })

  it.each<[attributes: object, code: string, message: string]>([
    [{ unit: 2 }, 'config.unknown-key', "Node 'fc' (dense): unknown option 'unit'. Did you mean 'units'?"],
    [{ units: 2, usebias: false }, 'config.unknown-key', "Did you mean 'useBias'?"],
    [{ units: '2' }, 'config.invalid', `Node 'fc' (dense): units: expected a whole number of at least 1, got "2".`],
    [{ units: null }, 'config.invalid', "Node 'fc' (dense): units: expected"],
    [{}, 'config.missing', "Node 'fc' (dense): units: expected a whole number of at least 1, got nothing."],
  ])('with %o is refused by the name of the node', (attributes, code, message) => {
    const error = errorOf(() => parseNetwork(saved(attributes), 'network.json'))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })

  it('of before an attribute was there has it at its default', () => {
    const network = parseNetwork(saved({ units: 2 }), 'network.json')
    expect(network.nodes[1]!.attributes).toEqual({ units: 2, useBias: true })
    const { attributes: _, ...plain } = saved({ units: 2 }).nodes[0]!
    const without = { ...saved({ units: 2 }), nodes: [plain, saved({ units: 2 }).nodes[1]] }
    expect(parseNetwork(without, 'network.json').shapes['fc']).toEqual([2])
  })

  it('is read as it was written', () => {
    const network = parseNetwork(saved({ units: 2, useBias: false }), 'network.json')
    const written = JSON.parse(JSON.stringify(networkDefinition(network))) as unknown
    expect(networkDefinition(parseNetwork(written, 'network.json'))).toEqual(networkDefinition(network))
  })
})

describe('graph', () => {
  it.each<[options: object, code: string, message: string]>([
    [{ name: 'n', inputShpe: [4, 4, 1] }, 'config.unknown-key', "graph: unknown option 'inputShpe'. Did you mean 'inputShape'?"], // prettier-ignore
    [{ inputShape: [4, 4, 1] }, 'config.missing', 'graph: name: expected a text'],
    [{ name: 'n' }, 'config.missing', 'graph: expected inputShape or inputs, got neither.'],
    [{ name: 'n', inputShape: [4], inputs: {} }, 'config.invalid', 'graph: expected inputShape or inputs, got both.'],
    [{ name: 'n', inputShape: [4, null, 1] }, 'config.invalid', 'graph: inputShape.1: expected a whole number'],
    [{ name: 'n', inputShape: 28 }, 'config.invalid', 'graph: inputShape: expected a list of whole numbers, got 28.'],
    [{ name: 'n', inputs: { x: { shape: [4], dtype: 'float' } } }, 'config.invalid', 'graph: inputs.x.dtype: expected'],
    [{ name: 'n', inputs: { x: { shape: [4] } } }, 'config.missing', 'graph: inputs.x.dtype: expected'],
    [{ name: 'n', inputs: { x: { shap: [4] } } }, 'config.unknown-key', "graph: unknown option 'inputs.x.shap'. Did you mean 'shape'?"], // prettier-ignore
  ])('refuses %o', (options, code, message) => {
    const error = errorOf(() => graph(options as never))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })

  it.each<[op: unknown, message: string]>([
    [flatten, "Node 'x': expected an op with its attributes, got a function. Call it: flatten()."],
    ['flatten', 'got "flatten". Call an op, such as relu().'],
    [undefined, 'got nothing. Call an op'],
  ])('places nothing but a called op: %o', (op, message) => {
    const g = graph({ name: 'n', inputShape: [4, 4, 1] })
    const error = errorOf(() => g.add('x', op as never, 'image'))
    expect(error).toMatchObject({ code: 'config.invalid' })
    expect(error.message).toContain(message)
  })
})

describe('what is given in a wrong form', () => {
  const plain = () => {
    const g = graph({ name: 'n', inputShape: [4, 4, 1] })
    const x = g.add('a', conv2d({ filters: 2, kernelSize: 1 }), 'image')
    return g.build(g.add('fc', dense({ units: 2 }), g.add('flat', flatten(), x)))
  }
  const definition = { name: 'mine', infer: () => ({ shape: [], channels: [] }), apply: () => tf.scalar(0) }

  it.each<[call: () => unknown, code: string, message: string]>([
    [() => defineOp({ ...definition, wieden: () => ({}) } as never), 'config.unknown-key', "Did you mean 'widen'?"],
    [
      () => defineOp({ name: 'mine' } as never),
      'config.invalid',
      'defineOp: definition: expected { name, infer, apply }',
    ],
    [() => registerOp(relu() as never), 'plugin.invalid', 'Give the op itself: relu, not relu().'],
    [() => apply({ network: plain(), parameters: {}, statistics: {} }, tf.zeros([1, 4, 4, 1]), { trainig: true } as never), 'config.unknown-key', "apply: unknown option 'trainig'. Did you mean 'training'?"], // prettier-ignore
    [() => apply({ network: plain(), parameters: {}, statistics: {} }, tf.zeros([1, 4, 4, 1]), {} as never), 'config.missing', 'apply: training'], // prettier-ignore
    [() => predict(plain() as never, tf.zeros([1, 4, 4, 1])), 'config.invalid', 'predict: model: expected { network, parameters, statistics }'], // prettier-ignore
    [() => foldBatchNorm(plain() as never), 'config.invalid', 'foldBatchNorm: model: expected'],
    [
      () => widenNetwork(plain(), { b: 2 }),
      'config.unknown-key',
      "widenNetwork: unknown option 'b'. Did you mean 'a'?",
    ],
    [() => widenNetwork(plain(), { a: 1.5 }), 'config.invalid', 'widenNetwork: a: expected a whole number'],
    [() => normalize({ mean: [0], deviatoin: [1] } as never), 'config.unknown-key', "Did you mean 'deviation'?"],
  ])('%o', (call, code, message) => {
    const error = errorOf(call)
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })
})
