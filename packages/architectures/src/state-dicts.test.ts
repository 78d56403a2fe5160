import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { initializeParameters, initializeStatistics, sizeOf, type Network } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { cifarResnet } from './cifar-resnet.ts'
import { convnext } from './convnext.ts'
import { deit } from './deit.ts'
import { imagenetResnet } from './imagenet-resnet.ts'
import { imagenetVgg } from './imagenet-vgg.ts'
import { mobilenetV2 } from './mobilenet-v2.ts'
import {
  decodeSafetensors,
  encodeSafetensors,
  fromTorch,
  toTorch,
  type TorchOptions,
  type TorchTensor,
} from '@gpdjs/interchange'
import { vgg } from './vgg.ts'
import { vit } from './vit.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const VIT = { classes: 3, inputShape: [8, 8, 3], patchSize: 4, depth: 1, width: 8, heads: 2 }
const RESNET = { depth: 18, classes: 3, width: 4, blocks: [1, 1, 1, 1], inputShape: [64, 64, 3] }

const read = (name: string) => {
  const source = fileURLToPath(new URL(`../fixtures/state_dict_${name}.safetensors`, import.meta.url))
  return decodeSafetensors(readFileSync(source), { source }).tensors
}

const floats = (state: ReadonlyMap<string, TorchTensor>) =>
  Object.fromEntries([...state].filter(([name]) => !name.endsWith('num_batches_tracked')).sort())

/** Reads a state dict with one choice of names and writes it with another, through a file. */
async function through(
  network: Network,
  state: ReadonlyMap<string, TorchTensor>,
  from: TorchOptions,
  to: TorchOptions,
) {
  const { parameters, statistics, missing, unexpected } = fromTorch(network, state, from)
  expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] })
  const written = encodeSafetensors(Object.fromEntries(await toTorch(network, { ...parameters, ...statistics }, to)))
  tf.dispose([parameters, statistics])
  return decodeSafetensors(written, { source: 'written' }).tensors
}

describe('a file that PyTorch wrote', () => {
  it.each<[file: string, network: Network, options: TorchOptions]>([
    ['resnet', imagenetResnet(RESNET), {}],
    ['resnet', imagenetResnet(RESNET), { names: 'timm' }],
    ['torchvision_vit', vit(VIT), {}],
    ['torchvision_vit', deit(VIT), { names: 'torchvision' }],
    ['timm_vit', deit(VIT), {}],
    ['timm_vit', vit(VIT), { names: 'timm' }],
  ])('%s comes back number for number', async (file, network, options) => {
    const state = read(file)
    expect(floats(await through(network, state, options, options))).toEqual(floats(state))
  })

  it('has counts of batches as integers, which our networks do not need', () => {
    expect(read('resnet').get('bn1.num_batches_tracked')?.data).toBeInstanceOf(BigInt64Array)
  })
})

/** Networks whose names both libraries have. */
const networks: Readonly<Record<string, Network>> = {
  ResNet: imagenetResnet(RESNET),
  'ResNet for CIFAR': cifarResnet({ depth: 8, classes: 3, width: 2 }),
  VGG: imagenetVgg({ depth: 11, classes: 3, width: 1, inputShape: [32, 32, 3] }),
  MobileNetV2: mobilenetV2({ classes: 3, widthMultiplier: 0.1, inputShape: [32, 32, 3] }),
  ConvNeXt: convnext({ classes: 3, width: 2, inputShape: [32, 32, 3] }),
  ViT: vit(VIT),
}

const initial = ({ parameters, statistics }: Network) => ({
  ...initializeParameters(parameters, 0),
  ...initializeStatistics(statistics),
})

const drawn = async (network: Network) =>
  new Map(
    [...(await toTorch(network, initial(network)))]
      .map(([name, { shape }]) => ({ name, shape }))
      .map(({ name, shape }, j) => {
        const size = sizeOf(shape)
        return [name, { shape, data: Float32Array.from({ length: size }, (_, i) => Math.sin(i + 7 * j)) }] as const
      }),
  )

describe.each(Object.entries(networks))('%s', (_, network) => {
  it.each(['torchvision', 'timm'] as const)('goes to %s’s names and back', async (names) => {
    const state = await drawn(network)
    const theirs = await through(network, state, {}, { names })
    expect(theirs.size).toBe(state.size)
    const back = await through(network, theirs, { names }, {})
    const plain = (tensors: ReadonlyMap<string, TorchTensor>) =>
      Object.fromEntries([...tensors].map(([name, { shape, data }]) => [name, { shape: [...shape], data }]).sort())
    expect(plain(back)).toEqual(plain(state))
  })
})

it('reads the MLPs of timm’s larger ConvNeXts, which are linear layers there', async () => {
  const network = convnext({ classes: 3, width: 2, inputShape: [32, 32, 3] })
  const state = await drawn(network)
  const name = 'stages.0.blocks.0.mlp.fc1.weight'
  const { data } = state.get(name)!
  const { parameters, missing } = fromTorch(network, new Map([...state, [name, { shape: [8, 2], data }]]))
  expect(missing).toEqual([])
  expect(parameters[name]!.shape).toEqual([1, 1, 2, 8])
  expect(tf.transpose(tf.reshape(parameters[name]!, [2, 8])).dataSync()).toEqual(data)
  const wrong = () => fromTorch(network, new Map([...state, [name, { shape: [2, 8], data }]]))
  expect(wrong).toThrow(/'stages.0.blocks.0.mlp.fc1.weight': expected shape \[8, 2, 1, 1\], got \[2, 8\]/)
})

describe('names of a library', () => {
  it('are reported as missing and unexpected where they are another’s', () => {
    const { missing, unexpected, parameters } = fromTorch(vit(VIT), read('timm_vit'))
    expect(missing).toContain('encoder.layers.encoder_layer_0.self_attention.in_proj_weight')
    expect(unexpected).toContain('blocks.0.attn.qkv.weight')
    expect(Object.keys(parameters)).toEqual([])
  })

  it.each([
    ['a network of neither', vgg({ classes: 3 }), 'timm'],
    ['a distillation token, which torchvision does not have', deit({ ...VIT, distilled: true }), 'torchvision'],
  ] as const)('are refused for %s', (_, network, names) =>
    expect(() => fromTorch(network, {}, { names })).toThrow(/its names of .* are not known.*ResNet, VGG, MobileNetV2/),
  )
})

describe('a checkpoint of another number of classes', () => {
  it.each<[string, Network, TorchOptions, string]>([
    ['resnet', imagenetResnet({ ...RESNET, classes: 10 }), {}, 'fc.weight'],
    ['timm_vit', vit({ ...VIT, classes: 10 }), { names: 'timm' }, 'head.weight'],
  ])('is refused with both numbers: %s', (file, network, options, key) => {
    const state = read(file)
    const before = tf.memory().numTensors
    const attempt = () => fromTorch(network, state, options)
    const shapes = new RegExp(`'${key}': expected shape \\[10, \\d+\\], got \\[3, \\d+\\]`)
    expect(attempt).toThrow(shapes)
    expect(attempt).toThrow(/The checkpoint has 3 classes, the network 10: build it with classes 3/)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('is not what is wrong where the width differs too', () => {
    expect(() => fromTorch(imagenetResnet({ ...RESNET, width: 8 }), read('resnet'))).toThrow(/depth, width and classes/)
  })
})
