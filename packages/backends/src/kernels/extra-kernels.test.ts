import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  decodeCall,
  encodeCall,
  extraKernelFunc,
  runExtraKernel,
  tensorOps,
  valueAndGradients,
  type ExtraKernel,
  type ExtraRun,
  type Float32,
} from '@gpdjs/core'
import { leadingBlocksDerivative } from './tensorflow/leading-blocks.ts'

const registered: ExtraKernel[] = []

function register<K extends ExtraKernel>(name: K, run: ExtraRun<K, unknown>): void {
  tf.registerKernel({ kernelName: name, backendName: 'cpu', kernelFunc: extraKernelFunc(run) })
  registered.push(name)
}

beforeAll(() => tf.setBackend('cpu'))

afterEach(() => {
  for (const name of registered.splice(0)) tf.unregisterKernel(name, 'cpu')
})

/** What a kernel gets and returns, as tensors that operations take. */
const float32 = (tensor: tf.Tensor | Float32) => tensor as tf.Tensor & Float32

describe('a call of an extra kernel', () => {
  it('keeps lists, gaps in them and empty lists on its way through TensorFlow.js', () => {
    const entry = fc.option(fc.record({ id: fc.integer() }), { nil: undefined })
    const input = fc.oneof(fc.record({ id: fc.integer() }), fc.array(entry, { maxLength: 12 }))
    const names = fc.constantFrom('x', 'dy', 'list', 'another')
    fc.assert(
      fc.property(fc.dictionary(names, input), fc.integer(), (inputs, epsilon) => {
        const { inputs: flat, attrs } = encodeCall<object>(inputs, { epsilon })
        expect(Object.values(flat).every((tensor) => !Array.isArray(tensor))).toBe(true)
        const decoded = decodeCall(flat, attrs)
        expect(decoded.attributes).toMatchObject({ epsilon })
        for (const [name, value] of Object.entries(inputs)) expect(decoded.inputs[name]).toEqual(value)
      }),
      { seed: 5 },
    )
  })

  it('gives a backend its lists and attributes, and returns the results in their order', () => {
    register('FilterSumGradient', ({ inputs: { dy, gates, filters, profiles }, attributes }) => {
      expect(filters.map(({ shape }) => shape)).toEqual([[1], [2]])
      expect(profiles.map((profile) => profile?.shape)).toEqual([undefined, [3]])
      expect(attributes).toMatchObject({ factors: [[1], [1]], shape: [4] })
      return [tf.clone(float32(gates)), ...[dy, ...filters].map((info) => tf.clone(float32(info)))]
    })
    tf.tidy(() => {
      const [dy, gates, one, two, profile] = [5, 6, 1, 2, 3].map((size) => tf.ones([size])) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ]
      const inputs = { dy, gates, filters: [one, two], profiles: [undefined, profile] }
      const results = runExtraKernel('FilterSumGradient', inputs, { factors: [[1], [1]], shape: [4] })!
      expect(results.map(({ shape }) => shape)).toEqual([[6], [5], [1], [2]])
    })
  })

  it('is left to the caller where the backend has no such kernel, or a tensor is not float32', () => {
    const x = tf.tensor1d([1, 2], 'int32')
    expect(runExtraKernel('Gelu', { x: tf.ones([2]) })).toBeUndefined()
    register('Gelu', ({ inputs }) => [tf.clone(float32(inputs.x))])
    expect(runExtraKernel('Gelu', { x })).toBeUndefined()
    expect(runExtraKernel('Gelu', { x: tf.ones([2]) })).toHaveLength(1)
  })

  it('is checked by the compiler', () => {
    const x = tf.ones([2])
    // Never run: the lines below must not compile.
    const wrong = () => [
      // @ts-expect-error an input of another name
      runExtraKernel('Gelu', { y: x }),
      // @ts-expect-error a tensor where a list is expected
      runExtraKernel('GlobalNorm', { tensors: x }),
      // @ts-expect-error without its attributes
      runExtraKernel('LayerNorm', { x, scale: x, shift: x }),
      // @ts-expect-error a result too many
      register('Gelu', ({ inputs }) => [inputs.x, inputs.x]),
      // @ts-expect-error more results than there are
      (runExtraKernel('ChannelMoments', { x }) ?? [x, x])[2],
    ]
    expect(wrong).toBeTypeOf('function')
  })
})

describe('the gradient of LeadingBlocks', () => {
  const size = [2, 1]
  const f = ({ a, b }: Readonly<Record<'a' | 'b', tf.Tensor>>) => {
    const blocks = tensorOps.leadingBlocks([
      { tensor: a, size, scale: 2 },
      { tensor: b, size, scale: -1 },
      { tensor: a, size, scale: 3 },
    ])
    const sum = blocks.map((block, i) => tf.sum(tf.mul(block, tf.square(block)).mul(i + 1)))
    return tf.add(tf.addN(sum), tf.sum(tf.square(a))) as tf.Scalar
  }

  it('goes to the right tensors, with and without a kernel that adds to what is known', () => {
    const variables = { a: tf.tensor2d([1, 2, 3, 4], [2, 2]), b: tf.tensor2d([5, 6, 7, 8], [2, 2]) }
    const expected = valueAndGradients(f, variables).gradients
    register('LeadingBlocks', ({ inputs: { tensors }, attributes: { sizes, scales } }) =>
      tensors.map((tensor, i) => float32(tf.mul(tf.slice(float32(tensor), [0, 0], [...sizes[i]!]), scales[i]!))),
    )
    register('LeadingBlocksGradient', ({ inputs: { dys, known }, attributes: { scales, shapes } }) =>
      dys.map((dy, i) => {
        const [rows, columns] = shapes[i] as [number, number]
        const padded = tf.pad(tf.mul(float32(dy), scales[i]!), [
          [0, rows - dy.shape[0]!],
          [0, columns - dy.shape[1]!],
        ])
        const before = known[i]
        return float32(before === undefined ? padded : tf.add(padded, float32(before)))
      }),
    )
    tf.registerGradient(leadingBlocksDerivative)
    const ours = valueAndGradients(f, variables).gradients
    const engines = tf.valueAndGrads((a, b) => f({ a: a!, b: b! }))([variables.a, variables.b]).grads
    for (const [i, name] of (['a', 'b'] as const).entries()) {
      expect(ours[name]!.arraySync()).toEqual(expected[name]!.arraySync())
      expect(engines[i]!.arraySync()).toEqual(expected[name]!.arraySync())
    }
    tf.unregisterGradient(leadingBlocksDerivative.kernelName)
  })
})
