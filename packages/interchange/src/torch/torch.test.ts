import * as tf from '@tensorflow/tfjs'
import {
  batchNorm,
  concat,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAveragePool,
  graph,
  initializeParameters,
  initializeStatistics,
  predict,
  type Network,
  type OpCall,
} from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../safetensors/encode.ts'
import { decodeSafetensors } from '../safetensors/decode.ts'
import { tinyNetwork } from '../testing/tiny-network.ts'
import { fromTorch, toTorch } from './torch.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Values that differ at every position: 1, 2, 3, … */
const counting = (size: number) => Float32Array.from({ length: size }, (_, i) => i + 1)

/** One node between image and logits. */
function single(id: string, op: OpCall, inputShape: readonly number[], after: 'pool' | 'none' = 'pool'): Network {
  const g = graph({ name: id, inputShape })
  const y = g.add(id, op, 'image')
  return g.build(after === 'pool' ? g.add('pool', globalAveragePool(), y) : y)
}

/** PyTorch's layouts written out: where the value at `torch` stands in ours. */
const layouts = [
  {
    name: 'conv',
    network: single('conv', conv2d({ filters: 2, kernelSize: 3 }), [4, 4, 5]),
    shape: [2, 5, 3, 3],
    ours: ([o, i, h, w]: number[]) => [h, w, i, o],
  },
  {
    name: 'grouped',
    network: single('grouped', conv2d({ filters: 6, kernelSize: 3, groups: 2 }), [4, 4, 4]),
    shape: [6, 2, 3, 3],
    ours: ([o, i, h, w]: number[]) => [h, w, i, o],
  },
  {
    name: 'depthwise',
    network: single('depthwise', depthwiseConv2d({ kernelSize: 3 }), [4, 4, 5]),
    shape: [5, 1, 3, 3],
    ours: ([c, i, h, w]: number[]) => [h, w, c, i],
  },
]

describe('fromTorch', () => {
  it.each(layouts)('puts every value of a $name kernel where it belongs', async ({ name, network, shape, ours }) => {
    const [a = 0, b = 0, c = 0, d = 0] = shape
    const { parameters } = fromTorch(network, { [`${name}.weight`]: { shape, data: counting(a * b * c * d) } })
    const kernel = tf.buffer(
      parameters[`${name}.weight`]!.shape,
      'float32',
      (await parameters[`${name}.weight`]!.data()) as Float32Array,
    )
    let value = 0
    for (let i = 0; i < a; i++)
      for (let j = 0; j < b; j++)
        for (let k = 0; k < c; k++)
          for (let l = 0; l < d; l++) expect(kernel.get(...(ours([i, j, k, l]) as number[]))).toBe(++value)
    expect(value).toBe(kernel.size)
  })

  it('reads a linear layer behind flatten in the order in which PyTorch flattens: channel by channel', async () => {
    const g = graph({ name: 'flat', inputShape: [2, 3, 4] })
    const flat = g.add('bn', batchNorm({ epsilon: 0 }), g.add('flatten', flatten(), 'image'))
    const network = g.build(g.add('fc', dense({ units: 2, useBias: false }), flat))
    // Image [channels, height, width] = 1 … 24; the norm multiplies entry i by i + 1 and adds 0; two linear units.
    const pixels = counting(24)
    const [weights, slopes] = [Float32Array.from({ length: 48 }, (_, i) => (i * i) % 7), counting(24)]
    const expected = [0, 24].map((unit) => pixels.reduce((sum, x, i) => sum + weights[unit + i]! * slopes[i]! * x, 0))
    const { parameters, statistics, missing } = fromTorch(network, {
      'bn.weight': { shape: [24], data: slopes },
      'bn.bias': { shape: [24], data: new Float32Array(24) },
      'bn.running_mean': { shape: [24], data: new Float32Array(24) },
      'bn.running_var': { shape: [24], data: new Float32Array(24).fill(1) },
      'fc.weight': { shape: [2, 24], data: weights },
    })
    expect(missing).toEqual([])
    const x = tf.transpose(tf.tensor(pixels, [1, 4, 2, 3]), [0, 2, 3, 1])
    expect([...(await predict({ network, parameters, statistics }, x).data())]).toEqual(expected)
    const back = await toTorch(network, { ...parameters, ...statistics })
    expect(back.get('fc.weight')).toEqual({ shape: [2, 24], data: weights })
    expect(back.get('bn.weight')).toEqual({ shape: [24], data: slopes })
  })

  it('refuses a linear layer for which the order of inputs cannot be derived', () => {
    const g = graph({ name: 'mixed', inputShape: [2, 2, 2] })
    const both = g.add(
      'both',
      concat(),
      g.add('a', conv2d({ filters: 2, kernelSize: 1 }), 'image'),
      g.add('b', conv2d({ filters: 2, kernelSize: 1 }), 'image'),
    )
    const network = g.build(g.add('fc', dense({ units: 2 }), g.add('flatten', flatten(), both)))
    expect(() => fromTorch(network, {})).toThrow(/'fc.weight'.*concatenation/)
  })

  const network = tinyNetwork()

  it.each([
    [
      'another shape',
      { shape: [2, 3, 3, 3], data: new Float32Array(54) },
      /'conv1.weight': expected shape \[2, 1, 3, 3\], got \[2, 3, 3, 3\]/,
    ],
    [
      'numbers beyond float32',
      { shape: [2, 1, 3, 3], data: new Float64Array(18).fill(1e39) },
      /'conv1.weight': expected numbers within the range of float32, got 1e\+39/,
    ],
    [
      'a list',
      { shape: [2, 1, 3, 3], data: Array.from({ length: 18 }, () => 1) as never },
      /'conv1.weight': expected numbers, got \[1, 1/,
    ],
    ['too few values', { shape: [2, 1, 3, 3], data: new Float32Array(17) }, /expected 18 values, got 17/],
  ])('refuses %s and makes no tensor then', (_, tensor, message) => {
    const before = tf.memory().numTensors
    const state = { 'fc.bias': { shape: [3], data: counting(3) }, 'conv1.weight': tensor }
    expect(() => fromTorch(network, state)).toThrow(message)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('makes the tensors that it returns, no more, and copies', async () => {
    const bias = counting(3)
    const before = tf.memory().numTensors
    const { parameters, statistics, missing, notes } = fromTorch(network, { 'fc.bias': { shape: [3], data: bias } })
    expect(notes).toEqual([])
    expect(tf.memory().numTensors).toBe(before + 1)
    expect(missing).toHaveLength(network.parameters.length + network.statistics.length - 1)
    bias.fill(9)
    expect([...(await parameters['fc.bias']!.data())]).toEqual([1, 2, 3])
    tf.dispose([parameters, statistics])
  })
})

describe('toTorch', () => {
  const network = tinyNetwork()
  const drawn = () => ({ ...initializeParameters(network.parameters, 1), ...initializeStatistics(network.statistics) })

  it('goes through a file and comes back bit for bit, leaving no tensor behind', async () => {
    const tensors = drawn()
    const before = tf.memory().numTensors
    const bytes = encodeSafetensors(Object.fromEntries(await toTorch(network, tensors)))
    expect(tf.memory().numTensors).toBe(before)
    const { parameters, statistics, missing, unexpected } = fromTorch(
      network,
      decodeSafetensors(bytes, { source: 'file' }).tensors,
    )
    expect([missing, unexpected]).toEqual([[], []])
    const read = { ...parameters, ...statistics }
    expect(Object.keys(read).sort()).toEqual(Object.keys(tensors).sort())
    for (const [name, tensor] of Object.entries(tensors))
      expect(await read[name]!.data(), name).toEqual(await tensor.data())
  })

  it('hands out copies', async () => {
    const tensors = drawn()
    const before = [...(await tensors['fc.bias']!.data())]
    ;(await toTorch(network, tensors)).get('fc.bias')!.data.fill(99)
    expect([...(await tensors['fc.bias']!.data())]).toEqual(before)
  })

  it('refuses tensors of another network', async () => {
    await expect(toTorch(network, { ...drawn(), 'fc.bias': tf.zeros([7]) })).rejects.toThrow(
      /'fc.bias': expected a tensor \[3\], got \[7\]/,
    )
    await expect(toTorch(network, {})).rejects.toThrow(/'conv1.weight': expected a tensor \[3, 3, 1, 2\], got none/)
  })
})
