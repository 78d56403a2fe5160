import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { apply, countMultiplyAdds, countParameters, useBackend } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { mobilenetV1 } from './mobilenet-v1.ts'
import { mobilenetV2 } from './mobilenet-v2.ts'
import { goldenFiles, goldenNetwork, relativeGap } from './testing/golden.ts'
import { fromTorch } from './torch.ts'

beforeAll(async () => {
  await useBackend('wasm')
})

describe.each(goldenFiles(/^gpd_mobilenet_v1\.safetensors$/))('$name', ({ path }) => {
  const { state, inputShape, images, expected } = goldenNetwork(path)
  const network = mobilenetV1({ classes: state.get('fc.bias')!.shape[0]!, inputShape })

  it('has the parameters of the release, no more and no less', () => {
    const { missing, unexpected } = fromTorch(network, state)
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] })
  })

  it.each(['eval', 'train'] as const)('gives the logits of the release in %s mode', (mode) => {
    const gap = tf.tidy(() => {
      const { parameters, statistics } = fromTorch(network, state)
      const { outputs } = apply({ network, parameters, statistics }, images(), { training: mode === 'train' })
      return relativeGap(outputs['logits']!, expected(`${mode}/logits`))
    })
    expect(gap).toBeLessThan(1e-4)
  })
})

const conv = (k: number, i: number, o: number) => k * k * i * o + 2 * o
const depthwise = (c: number) => 9 * c + 2 * c

describe('mobilenetV1', () => {
  it('has the size that the paper gives: 4.2 million parameters, 569 million multiply-adds', () => {
    const network = mobilenetV1({ classes: 1000 })
    expect(countParameters(network.parameters)).toBe(4_231_976)
    expect(Math.round(countMultiplyAdds(network) / 1e6)).toBe(569)
  })

  it('has the parameters that its layers add up to', () => {
    const network = mobilenetV1({ classes: 5, width: 3, blocks: [2, 1], inputShape: [16, 16, 1] })
    const block = (i: number, o: number) => depthwise(i) + conv(1, i, o)
    expect(countParameters(network.parameters)).toBe(
      conv(3, 1, 3) + block(3, 6) + block(6, 6) + block(6, 12) + 12 * 5 + 5,
    )
    expect(network.shapes[network.taps['layer2']!]).toEqual([4, 4, 12])
  })

  it('has taps before and behind the ReLU of each stage, where the release has them', () => {
    const { taps } = mobilenetV1({ classes: 1000 })
    const nodes = [2, 3, 4, 5].map((stage) => taps[`layer${stage}.preactivation`])
    expect(nodes).toEqual(['model.3.4', 'model.5.4', 'model.11.4', 'model.13.4'])
  })
})

describe('mobilenetV2', () => {
  it.each([
    // torchvision's and timm's published counts
    [1, 3_504_872],
    [1.4, 6_108_776],
    [0.5, 1_968_680],
  ])('has the published parameters at width multiplier %d', (widthMultiplier, count) =>
    expect(countParameters(mobilenetV2({ classes: 1000, widthMultiplier }).parameters)).toBe(count),
  )

  it('has the multiply-adds that the paper gives, 300 million', () =>
    expect(Math.round(countMultiplyAdds(mobilenetV2({ classes: 1000 })) / 1e6)).toBe(301))

  it('has torchvision’s names', () => {
    const { missing } = fromTorch(mobilenetV2({ classes: 1000 }), {})
    const names = ['features.0.0.weight', 'features.1.conv.0.0.weight', 'features.1.conv.2.running_var']
    const later = [
      'features.17.conv.1.1.bias',
      'features.17.conv.3.weight',
      'features.18.1.weight',
      'classifier.1.bias',
    ]
    for (const name of [...names, ...later]) expect(missing).toContain(name)
    expect(missing).toHaveLength(262)
  })

  it('adds the input where stride and channels allow', () => {
    const { nodes } = mobilenetV2({ classes: 10, inputShape: [32, 32, 3] })
    expect(nodes.filter(({ op }) => op === 'add')).toHaveLength(10)
  })

  it('refuses a list of blocks of another length', () =>
    expect(() => mobilenetV2({ classes: 10, blocks: [1, 1] })).toThrow(/one for each of 7 stages, got \[1, 1\]/))
})
