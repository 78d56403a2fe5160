import { describe, expect, it } from 'vitest'
import { isGpdError } from '../errors.ts'
import { parseNetwork } from './saved-network.ts'

/** `nodes` on an image [8, 8, 2], `out` the last of them. */
const definition = (nodes: readonly object[], more: object = {}) => ({
  name: 'net',
  inputs: { image: { shape: [8, 8, 2], dtype: 'float32' } },
  nodes,
  outputs: { logits: (nodes.at(-1) as { id?: string } | undefined)?.id ?? 'image' },
  taps: {},
  ...more,
})

const relu = (id: string, from: string) => ({ id, op: 'relu', attributes: {}, inputs: [from] })

function refusal(json: unknown): { readonly code: string; readonly message: string; readonly milliseconds: number } {
  const start = performance.now()
  try {
    parseNetwork(json, 'network.json')
  } catch (error) {
    if (!isGpdError(error)) throw error
    return { code: error.code, message: error.message, milliseconds: performance.now() - start }
  }
  throw new Error('It was accepted.')
}

describe('a network definition from a file', () => {
  it.each<[what: string, json: unknown, message: RegExp]>([
    ['a list', [], /name: expected a text/],
    ['a text', 'net', /name: expected a text/],
    ['a node that is null', definition([null as unknown as object]), /nodes\.0: expected an object, got null/],
    ['a node without a name', definition([{ op: 'relu', inputs: [] }]), /nodes\.0\.id: expected a text/],
    ['a name that is a number', definition([{ ...relu('a', 'image'), id: 3 }]), /nodes\.0\.id: expected a text, got 3/],
    [
      'inputs that are no texts',
      definition([{ ...relu('a', 'image'), inputs: [3] }]),
      /nodes\.0\.inputs\.0: expected a text/,
    ],
    [
      'inputs that are a text',
      definition([{ ...relu('a', 'image'), inputs: 'image' }]),
      /nodes\.0\.inputs: expected a list of names/,
    ],
    [
      'attributes that are a list',
      definition([{ ...relu('a', 'image'), attributes: [] }]),
      /nodes\.0\.attributes: expected an object/,
    ],
    [
      'attributes that are null',
      definition([{ ...relu('a', 'image'), attributes: null }]),
      /nodes\.0\.attributes: expected an object/,
    ],
    [
      'a node with a mistyped key',
      definition([{ ...relu('a', 'image'), inptus: [] }]),
      /nodes\.0\.inptus: no such key\. Did you mean 'inputs'/,
    ],
    [
      'trainable as a text',
      definition([{ ...relu('a', 'image'), trainable: 'no' }]),
      /nodes\.0\.trainable: expected true or false/,
    ],
    [
      'an input without a type',
      definition([], { inputs: { image: { shape: [8] } } }),
      /inputs\.image\.dtype: expected/,
    ],
    [
      'half a pixel',
      definition([], { inputs: { image: { shape: [8.5], dtype: 'float32' } } }),
      /inputs\.image\.shape\.0: expected a whole number/,
    ],
    ['outputs that are a list', definition([], { outputs: ['image'] }), /outputs: expected an object/],
    ['a tap that is no text', definition([], { taps: { a: 1 } }), /taps\.a: expected a text/],
  ])('is refused for %s, naming the place', (_, json, message) => {
    expect(refusal(json)).toMatchObject({
      code: 'checkpoint.corrupt',
      message: expect.stringMatching(message) as string,
    })
  })

  it.each<[what: string, json: unknown, code: string]>([
    ['a node that reads itself', definition([relu('a', 'a')]), 'network.invalid'],
    ['a cycle', definition([relu('a', 'b'), relu('b', 'a')]), 'network.invalid'],
    ['__proto__', definition([relu('__proto__', 'image')]), 'network.invalid'],
    ['__proto__ as a tap', definition([], { taps: JSON.parse('{"__proto__": "image"}') as object }), 'network.invalid'],
    ['constructor as an op', definition([{ ...relu('a', 'image'), op: 'constructor' }]), 'network.unknown-op'],
    ['toString as what a node reads', definition([relu('a', 'toString')]), 'network.invalid'],
  ])('is refused for %s', (_, json, code) => expect(refusal(json).code).toBe(code))
})

describe('a small file that describes something huge', () => {
  const doubling = Array.from({ length: 60 }, (_, i) => {
    const from = i === 0 ? 'image' : `d${i - 1}`
    return { id: `d${i}`, op: 'concat', attributes: {}, inputs: [from, from] }
  })
  const flat = { id: 'flat', op: 'flatten', attributes: {}, inputs: ['image'] }
  const wide = (units: number) => ({ id: 'fc', op: 'dense', attributes: { units }, inputs: ['flat'] })
  const image = (...shape: number[]) => ({ inputs: { image: { shape, dtype: 'float32' } } })

  it.each<[what: string, json: unknown]>([
    [
      'long names that are nearly alike',
      definition([relu('a'.repeat(30_000), 'image'), relu('b', `${'a'.repeat(29_999)}b`)]),
    ],
    ['a long name of an op', definition([{ ...relu('a', 'image'), op: 'conv2d'.repeat(10_000) }])],
    ['a long attribute', definition([{ ...relu('a', 'image'), attributes: { ['x'.repeat(50_000)]: 1 } }])],
    ['an image of 12,000 × 12,000', definition([flat], image(12_000, 12_000, 1))],
    ['sizes beyond 2^53', definition([flat], image(2 ** 40, 2 ** 40, 2 ** 40))],
    ['a shape of many sizes', definition([], image(...new Array<number>(50_000).fill(1)))],
    ['more weights than an array holds', definition([flat, wide(2 ** 27)], image(1024, 1024, 1))],
    ['channels that double with every node', definition(doubling)],
    [
      'blocks of every pixel',
      definition(
        [{ id: 's', op: 'spaceToDepth', attributes: { size: 8192 }, inputs: ['image'] }],
        image(8192, 8192, 1),
      ),
    ],
    [
      'padding without end',
      definition([
        { id: 'p', op: 'zeroPadding2d', attributes: { rows: [2 ** 50, 0], columns: [0, 0] }, inputs: ['image'] },
      ]),
    ],
  ])('is refused at once: %s', (_, json) => {
    const { message, milliseconds } = refusal(json)
    expect(milliseconds).toBeLessThan(1000)
    expect(message.length).toBeLessThan(20_000)
  })

  it('is read in a time that grows with its length', () => {
    const nodes = Array.from({ length: 20_000 }, (_, i) => [
      {
        id: `c${i}`,
        op: 'conv2d',
        attributes: { filters: 2, kernelSize: 1 },
        inputs: [i === 0 ? 'image' : `a${i - 1}`],
      },
      { id: `a${i}`, op: 'add', attributes: {}, inputs: [`c${i}`, i === 0 ? 'image' : `a${i - 1}`] },
    ]).flat()
    const start = performance.now()
    expect(parseNetwork(definition(nodes), 'network.json').nodes).toHaveLength(40_000)
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})
