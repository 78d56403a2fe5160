import * as tf from '@tensorflow/tfjs'
import {
  apply,
  countMultiplyAdds,
  countParameters,
  initializeParameters,
  initializeStatistics,
  type Network,
} from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { convnext } from './convnext.ts'
import { shufflenetV2 } from './shufflenet-v2.ts'
import { fromTorch } from './torch.ts'
import { vgg } from './vgg.ts'
import { wideResnet } from './wide-resnet.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Numbers in a convolution: kernel and bias. */
const convBias = (k: number, i: number, o: number) => k * k * i * o + o
const size = ({ parameters }: Network) => countParameters(parameters)
const tapShape = ({ taps, shapes }: Network, tap: string) => shapes[taps[tap]!]

/** Values of taps for one image, as plain numbers. */
function tapsOf(network: Network, names: readonly string[]): number[][] {
  return tf.tidy(() => {
    const x = tf.randomNormal([1, ...network.shapes['image']!], 0, 1, 'float32', 1)
    const parameters = initializeParameters(network.parameters, 1)
    const { taps } = apply({ network, parameters, statistics: initializeStatistics(network.statistics) }, x, {
      training: false,
      taps: names,
    })
    return names.map((name) => Array.from(taps[name]!.dataSync())) as never
  }) as unknown as number[][]
}

describe('vgg', () => {
  it.each([
    // The counts that the literature on distillation for CIFAR-100 gives
    [[1, 1, 1, 1, 1], 3_965_028],
    [[2, 2, 2, 2, 2], 9_462_180],
  ])('with blocks %o has %i parameters', (blocks, count) => expect(size(vgg({ classes: 100, blocks }))).toBe(count))

  it('has the parameters that its layers add up to', () => {
    const layer = (i: number, o: number) => convBias(3, i, o) + 2 * o
    const expected = layer(1, 2) + layer(2, 2) + layer(2, 4) + layer(4, 8) + layer(8, 16) + layer(16, 16) + 16 * 3 + 3
    expect(size(vgg({ classes: 3, width: 2, blocks: [2, 1, 1, 1, 1], inputShape: [16, 16, 1] }))).toBe(expected)
  })

  it('halves small images three times and large ones four times', () => {
    const last = (side: number) => tapShape(vgg({ classes: 3, width: 2, inputShape: [side, side, 3] }), 'layer5')
    expect([last(32), last(64)]).toEqual([
      [4, 4, 16],
      [4, 4, 16],
    ])
  })

  it('has mdistiller’s names, and taps around the last ReLU of a stage', () => {
    const network = vgg({ classes: 3, width: 2, blocks: [2, 2, 2, 2, 2] })
    const { missing } = fromTorch(network, {})
    for (const name of ['block0.0.bias', 'block0.4.running_mean', 'block4.3.weight', 'classifier.weight'])
      expect(missing).toContain(name)
    const [before, after] = tapsOf(network, ['layer2.preactivation', 'layer2'])
    expect(after).toEqual(before!.map((value) => Math.max(0, value)))
  })
})

describe('wideResnet', () => {
  it.each([
    // The same source as for VGG
    [40, 2, 2_255_156],
    [16, 2, 703_284],
    [40, 1, 569_780],
  ])('WRN-%i-%i has %i parameters', (depth, widen, count) =>
    expect(size(wideResnet({ classes: 100, depth, widen }))).toBe(count),
  )

  it('has mdistiller’s names and no more shortcuts than it needs', () => {
    const names = fromTorch(wideResnet({ classes: 10, depth: 16 }), {}).missing
    for (const name of ['conv1.weight', 'block2.layer.1.bn2.running_var', 'bn1.weight', 'fc.bias'])
      expect(names).toContain(name)
    const shortcuts = names.filter((name) => name.includes('convShortcut'))
    expect(shortcuts).toEqual(['block2.layer.0.convShortcut.weight', 'block3.layer.0.convShortcut.weight'])
  })

  it('has taps at the sums of its stages', () => {
    const network = wideResnet({ classes: 10, depth: 10, width: 2, widen: 3 })
    const shapes = ['layer1', 'layer2', 'layer3', 'layer3.preactivation', 'pool'].map((tap) => tapShape(network, tap))
    expect(shapes).toEqual([[32, 32, 6], [16, 16, 12], [8, 8, 24], [8, 8, 24], [24]])
    expect(network.taps['layer1.preactivation']).toBe('block2.layer.0.bn1')
  })

  it('refuses a depth that is not 6n + 4', () =>
    expect(() => wideResnet({ classes: 10, depth: 20 })).toThrow(/depth: expected 6n \+ 4, got 20/))
})

describe('shufflenetV2', () => {
  it.each([
    // torchvision's published counts
    [{ width: 48 }, 1_366_792],
    [{}, 2_278_604],
    [{ width: 176 }, 3_503_624],
    [{ width: 244, lastWidth: 2048 }, 7_393_996],
  ])('%o has %i parameters', (options, count) => expect(size(shufflenetV2({ classes: 1000, ...options }))).toBe(count))

  it('has the multiply-adds that torchvision publishes, 145 million', () =>
    expect(Math.round(countMultiplyAdds(shufflenetV2({ classes: 1000 })) / 1e6)).toBe(145))

  it('has torchvision’s names', () => {
    const { missing } = fromTorch(shufflenetV2({ classes: 10 }), {})
    const names = [
      'conv1.1.weight',
      'stage2.0.branch1.3.bias',
      'stage4.3.branch2.6.running_mean',
      'conv5.0.weight',
      'fc.weight',
    ]
    for (const name of names) expect(missing).toContain(name)
    expect(missing.some((name) => name.startsWith('stage2.1.branch1'))).toBe(false)
  })

  it('passes half of the channels on, every second of what comes out', () => {
    const network = shufflenetV2({
      classes: 3,
      width: 4,
      stemWidth: 2,
      lastWidth: 4,
      blocks: [2, 1, 1],
      inputShape: [32, 32, 3],
    })
    const [before, after] = tapsOf({ ...network, taps: { before: 'stage2.0', after: 'stage2.1' } }, ['before', 'after'])
    const channel = (values: number[], c: number) => values.filter((_, i) => i % 4 === c)
    expect(channel(after!, 0)).toEqual(channel(before!, 0))
    expect(channel(after!, 2)).toEqual(channel(before!, 1))
    expect(channel(after!, 1)).not.toEqual(channel(before!, 2))
  })
})

describe('convnext', () => {
  it('has the parameters that its layers add up to, and as many millions as timm publishes', () => {
    const block = (c: number) => convBias(7, 1, c) + 2 * c + convBias(1, c, 4 * c) + convBias(1, 4 * c, c) + c
    const down = (c: number) => 2 * c + convBias(2, c, 2 * c)
    const count = (w: number) =>
      convBias(4, 3, w) +
      2 * w +
      2 * block(w) +
      2 * block(2 * w) +
      6 * block(4 * w) +
      2 * block(8 * w) +
      down(w) +
      down(2 * w) +
      down(4 * w) +
      2 * 8 * w +
      convBias(1, 8 * w, 1000)
    for (const [width, millions] of [
      [40, 3.7],
      [48, 5.22],
      [64, 9.05],
    ] as const) {
      expect(size(convnext({ classes: 1000, width }))).toBe(count(width))
      expect(count(width) / 1e6).toBeCloseTo(millions, 1)
    }
  })

  it('has timm’s names', () => {
    const { missing } = fromTorch(convnext({ classes: 10 }), {})
    const names = [
      'stem.1.bias',
      'stages.0.blocks.1.gamma',
      'stages.2.downsample.1.weight',
      'stages.3.blocks.0.conv_dw.bias',
    ]
    for (const name of [...names, 'stages.1.blocks.0.mlp.fc2.weight', 'head.norm.weight', 'head.fc.bias'])
      expect(missing).toContain(name)
  })
})
