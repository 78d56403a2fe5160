import * as tf from '@tensorflow/tfjs'
import { apply, countMultiplyAdds, countParameters, initializeParameters, initializeStatistics } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { cifarResnet } from './cifar-resnet.ts'
import { imagenetResnet } from './imagenet-resnet.ts'
import { createNetwork, listNetworks } from './registry.ts'
import { fromTorch } from '@gpdjs/interchange'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Parameters of a CIFAR ResNet with n blocks per stage, by hand: 3×3 convolutions, two numbers per norm channel, 1×1 shortcuts. */
function cifarCount(n: number, w: number, classes: number): number {
  const conv = (k: number, i: number, o: number) => k * k * i * o + 2 * o
  const stage = (i: number, o: number) =>
    conv(3, i, o) + conv(3, o, o) + (i === o ? 0 : conv(1, i, o)) + (n - 1) * 2 * conv(3, o, o)
  return conv(3, 3, w) + stage(w, w) + stage(w, 2 * w) + stage(2 * w, 4 * w) + 4 * w * classes + classes
}

describe('cifarResnet', () => {
  it.each([
    [1, 16],
    [3, 16],
    [9, 8],
  ])('has the parameters that its layers add up to: %i blocks, width %i', (n, width) => {
    const network = cifarResnet({ depth: 6 * n + 2, width, classes: 10 })
    expect(countParameters(network.parameters)).toBe(cifarCount(n, width, 10))
  })

  it('takes blocks instead of a depth, and any number of stages', () => {
    const network = cifarResnet({ blocks: [2, 2, 2, 2], width: 4, classes: 7 })
    expect(network.shapes[network.outputs['logits']!]).toEqual([7])
    expect(network.shapes['layer4.1.relu']).toEqual([4, 4, 32])
    expect(cifarResnet({ blocks: [3, 3, 3], classes: 10 }).parameters).toEqual(
      cifarResnet({ depth: 20, classes: 10 }).parameters,
    )
  })

  it('halves the image from stage to stage, odd sizes too', () => {
    const { shapes } = cifarResnet({ blocks: [1, 1, 1], width: 2, classes: 3, inputShape: [27, 14, 1] })
    expect([1, 2, 3].map((stage) => shapes[`layer${stage}.0.relu`])).toEqual([
      [27, 14, 2],
      [14, 7, 4],
      [7, 4, 8],
    ])
  })

  it('has taps before and after the last ReLU of each stage', () => {
    const network = cifarResnet({ blocks: [1, 1], width: 2, classes: 3, inputShape: [8, 8, 1] })
    const taps = tf.tidy(() => {
      const [parameters, statistics] = [
        initializeParameters(network.parameters, 1),
        initializeStatistics(network.statistics),
      ]
      const wanted = ['layer1', 'layer1.preactivation', 'layer2', 'pool']
      return {
        ...apply({ network, parameters, statistics }, tf.randomNormal([2, 8, 8, 1], 0, 1, 'float32', 1), {
          training: false,
          taps: wanted,
        }).taps,
      }
    })
    expect(Array.from(taps['layer1']!.dataSync())).toEqual(
      Array.from(tf.relu(taps['layer1.preactivation']!).dataSync()),
    )
    expect(taps['pool']!.shape).toEqual([2, 4])
  })

  it.each([
    { depth: 21 },
    { depth: 2 },
    {},
    { blocks: [] },
    { blocks: [1, 0] },
    { depth: 8, blocks: [1] },
    { depth: 8, width: 0 },
    { depth: 8, classes: 0 },
  ])('refuses %o', (options) => {
    expect(() => cifarResnet({ classes: 10, ...options })).toThrow(/expected/)
  })
})

describe('imagenetResnet', () => {
  it.each([
    [18, 11_689_512, 1.814],
    [34, 21_797_672, 3.664],
    [50, 25_557_032, 4.089],
    [101, 44_549_160, 7.801],
    [152, 60_192_808, 11.514],
  ])('ResNet-%i has the parameters and multiply-adds that torchvision publishes', (depth, parameters, billions) => {
    const network = imagenetResnet({ depth })
    expect(countParameters(network.parameters)).toBe(parameters)
    expect(countMultiplyAdds(network) / 1e9).toBeCloseTo(billions, 2)
  })

  it('refuses a depth that does not exist', () =>
    expect(() => imagenetResnet({ depth: 20 })).toThrow(/18, 34, 50, 101, 152, got 20/))
})

describe('the registry', () => {
  it('lists networks by pattern, in order of size', () => {
    expect(listNetworks('resnet1*')).toEqual(['resnet14', 'resnet18', 'resnet101', 'resnet110', 'resnet152'])
    expect(listNetworks('vit*')).toEqual(['vit_b_16', 'vit_b_32', 'vit_l_16'])
    expect(listNetworks()).toContain('resnet20')
  })

  it('makes a network by name, and suggests the nearest name for an unknown one', () => {
    expect(countParameters(createNetwork('resnet20', { classes: 10 }).parameters)).toBe(cifarCount(3, 16, 10))
    expect(() => createNetwork('resnt20', { classes: 10 })).toThrow(/resnet20/)
  })
})

describe('fromTorch', () => {
  const network = cifarResnet({ blocks: [1], width: 2, classes: 3, inputShape: [8, 8, 1] })

  it('refuses a wrong shape, naming the key and both shapes', () => {
    const state = new Map([['conv1.weight', { shape: [2, 3, 3, 3], data: new Float32Array(54) }]])
    expect(() => fromTorch(network, state)).toThrow(/'conv1.weight': expected shape \[2, 1, 3, 3\], got \[2, 3, 3, 3\]/)
  })

  it('reports what is missing and what has no place', () => {
    const state = new Map([
      ['fc.bias', { shape: [3], data: Float32Array.of(1, 2, 3) }],
      ['bn1.num_batches_tracked', { shape: [], data: new Float32Array(1) }],
      ['extra', { shape: [1], data: new Float32Array(1) }],
    ])
    const { parameters, missing, unexpected } = fromTorch(network, state)
    expect(Array.from(parameters['fc.bias']!.dataSync())).toEqual([1, 2, 3])
    expect(unexpected).toEqual(['extra'])
    expect(missing).toContain('conv1.weight')
    expect(missing).not.toContain('fc.bias')
  })
})
