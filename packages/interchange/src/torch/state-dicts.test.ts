import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { dense, flatten, graph, type Network } from '@gpdjs/core'
import { drawn, tinyNetwork } from '../testing/tiny-network.ts'
import { fromTorch, toTorch, type TorchTensor } from './torch.ts'
import type { TorchData } from './values.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const network = tinyNetwork()

async function stateOf(of: Network): Promise<ReadonlyMap<string, TorchTensor>> {
  const { parameters, statistics } = drawn(of, 1)
  return toTorch(of, { ...parameters, ...statistics })
}

const prefixed = (state: ReadonlyMap<string, TorchTensor>, prefix: string) =>
  new Map([...state].map(([name, tensor]) => [`${prefix}${name}`, tensor]))

const scalar = (): TorchTensor => ({ shape: [], data: BigInt64Array.of(7n) })

describe('names that a wrapper has put something in front of', () => {
  it.each([
    ['DataParallel', 'module.'],
    ['Lightning', 'model.'],
    ['torch.compile', '_orig_mod.'],
    ['a checkpoint flattened', 'state_dict.'],
    ['a class of your own', 'net.'],
    ['a compiled module in DataParallel', 'module._orig_mod.'],
    ['DataParallel in a compiled Lightning module', 'state_dict.model._orig_mod.module.'],
  ])('%s: %s', async (_, prefix) => {
    const state = await stateOf(network)
    const plain = fromTorch(network, state)
    const { missing, unexpected, notes, parameters } = fromTorch(network, prefixed(state, prefix))
    expect([missing, unexpected]).toEqual([[], []])
    expect(notes).toEqual([`The prefix '${prefix}' of all names in the state dict is left out.`])
    for (const [name, tensor] of Object.entries(plain.parameters))
      expect(await parameters[name]!.data(), name).toEqual(await tensor.data())
    expect(plain.notes).toEqual([])
  })

  it('counters need not have it, and are not reported', async () => {
    const state = prefixed(await stateOf(network), 'module.')
    // torch.optim.swa_utils.AveragedModel, and batch normalization
    state.set('n_averaged', scalar()).set('module.bn1.num_batches_tracked', scalar())
    const { missing, unexpected } = fromTorch(network, state)
    expect([missing, unexpected]).toEqual([[], []])
  })

  it('one name without it keeps all as they are', async () => {
    const state = prefixed(await stateOf(network), 'model.').set('loss.weight', {
      shape: [1],
      data: new Float32Array(1),
    })
    const { parameters, missing, unexpected, notes } = fromTorch(network, state)
    expect(Object.keys(parameters)).toEqual([])
    expect([missing.length, unexpected.length, notes]).toEqual([
      network.parameters.length + network.statistics.length,
      state.size,
      [],
    ])
  })

  it('what the network calls so itself stays', async () => {
    const g = graph({ name: 'named', inputShape: [2, 1, 1] })
    const own = g.build(g.add('model.fc', dense({ units: 2 }), g.add('flat', flatten(), 'image')))
    const state = await stateOf(own)
    expect([...state.keys()]).toEqual(['model.fc.weight', 'model.fc.bias'])
    expect(fromTorch(own, state)).toMatchObject({ missing: [], unexpected: [], notes: [] })
    expect(fromTorch(own, prefixed(state, 'module.'))).toMatchObject({ missing: [], unexpected: [] })
  })

  it('names of another network keep what they have in common', () => {
    const { unexpected, notes } = fromTorch(network, { 'head.a.weight': scalar(), 'head.a.bias': scalar() })
    expect(unexpected).toEqual(['head.a.weight', 'head.a.bias'])
    expect(notes).toEqual([])
  })

  it('an error names the entry as the network does', async () => {
    const state = prefixed(await stateOf(network), 'module.')
    state.set('module.fc.bias', { shape: [4], data: new Float32Array(4) })
    expect(() => fromTorch(network, state)).toThrow(/'fc.bias': expected shape \[3\], got \[4\]/)
  })
})

describe('numbers of every type', () => {
  const bias = async (data: TorchData) => {
    const { parameters, notes } = fromTorch(network, { 'fc.bias': { shape: [3], data } })
    return { values: [...(await parameters['fc.bias']!.data())], notes }
  }

  it.each<[string, TorchData, readonly number[]]>([
    ['float64', Float64Array.of(0.5, -Infinity, NaN), [0.5, -Infinity, NaN]],
    ['int8', Int8Array.of(-128, 0, 127), [-128, 0, 127]],
    ['int16', Int16Array.of(-32768, 0, 32767), [-32768, 0, 32767]],
    ['int32', Int32Array.of(-(2 ** 24), 3, 2 ** 31 - 128), [-(2 ** 24), 3, 2 ** 31 - 128]],
    ['int64', BigInt64Array.of(-(2n ** 63n), 2n ** 24n, 1n), [-(2 ** 63), 2 ** 24, 1]],
    ['uint8', Uint8Array.of(0, 1, 255), [0, 1, 255]],
    ['uint16', Uint16Array.of(0, 1, 65535), [0, 1, 65535]],
    ['uint32', Uint32Array.of(0, 1, 2 ** 31), [0, 1, 2 ** 31]],
    ['uint64', BigUint64Array.of(0n, 1n, 2n ** 63n), [0, 1, 2 ** 63]],
  ])('%s that float32 holds exactly', async (_, data, values) => {
    expect(await bias(data)).toEqual({ values, notes: [] })
  })

  it.each<[string, TorchData, readonly number[]]>([
    ['float64', Float64Array.of(0.1, 1 / 3, 1), [0.1, 1 / 3, 1]],
    ['int32', Int32Array.of(2 ** 24 + 1, 0, 0), [2 ** 24, 0, 0]],
    ['int64', BigInt64Array.of(2n ** 53n + 1n, 0n, 0n), [2 ** 53, 0, 0]],
    ['uint64', BigUint64Array.of(2n ** 64n - 1n, 0n, 0n), [2 ** 64, 0, 0]],
  ])('%s that float32 does not hold are rounded, with a note', async (type, data, values) => {
    expect(await bias(data)).toEqual({
      values: values.map(Math.fround),
      notes: [`The ${type} numbers of 'fc.bias' are rounded to float32.`],
    })
  })

  it('a type that is not read is refused only where it is wanted', () => {
    const unread = {
      shape: [3],
      get data(): never {
        throw new Error('asked for')
      },
    }
    expect(fromTorch(network, { other: unread }).unexpected).toEqual(['other'])
    expect(() => fromTorch(network, { 'fc.bias': unread })).toThrow('asked for')
  })
})

it.each<[string, unknown]>([
  ['a file', new Uint8Array(9)],
  ['what decodeSafetensors returns, tensors and metadata', { tensors: new Map(), metadata: {} }],
  ['nothing', undefined],
])('refuses %s in place of tensors', (_, state) => {
  expect(() => fromTorch(network, state as never)).toThrow(
    expect.objectContaining({ code: 'config.invalid', fix: expect.stringContaining('decodeSafetensors') as string }),
  )
})
