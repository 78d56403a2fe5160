import { countMultiplyAdds, countParameters } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import { createNetwork, listNetworks } from './registry.ts'
import { listTaps } from './taps.ts'

/** `num_params` and `_ops` (billions of multiply-adds for one image of 224×224) of torchvision's weights. */
const torchvision: readonly (readonly [name: string, parameters: number, billions: number])[] = [
  ['resnet18', 11_689_512, 1.814],
  ['resnet34', 21_797_672, 3.664],
  ['resnet50', 25_557_032, 4.089],
  ['resnet101', 44_549_160, 7.801],
  ['resnet152', 60_192_808, 11.514],
  ['mobilenet_v2', 3_504_872, 0.301],
  ['shufflenet_v2_x0_5', 1_366_792, 0.04],
  ['shufflenet_v2_x1_0', 2_278_604, 0.145],
  ['shufflenet_v2_x1_5', 3_503_624, 0.296],
  ['shufflenet_v2_x2_0', 7_393_996, 0.583],
  ['vgg11', 132_863_336, 7.609],
  ['vgg16', 138_357_544, 15.47],
  ['vgg19', 143_667_240, 19.632],
  ['vgg11_bn', 132_868_840, 7.609],
  ['vgg13_bn', 133_053_736, 11.308],
  ['vgg16_bn', 138_365_992, 15.47],
  ['vgg19_bn', 143_678_248, 19.632],
  ['vit_b_16', 86_567_656, 17.564],
  ['vit_b_32', 88_224_232, 4.409],
  ['vit_l_16', 304_326_632, 61.555],
]

/** Parameters of timm's networks. */
const timm: readonly (readonly [name: string, parameters: number])[] = [
  ['convnext_atto', 3_695_520],
  ['convnext_femto', 5_217_784],
  ['convnext_pico', 9_045_672],
  ['deit_tiny', 5_717_416],
  ['deit_small', 22_050_664],
  ['deit_base', 86_567_656],
  ['deit_tiny_distilled', 5_910_800],
  ['deit_small_distilled', 22_436_432],
  ['deit_base_distilled', 87_338_192],
  ['mixer_s16', 18_528_264],
  ['mixer_b16', 59_880_472],
]

describe('networks by name', () => {
  it.each(torchvision)(
    '%s has torchvision’s %i parameters and %d billion multiply-adds',
    (name, parameters, billions) => {
      const network = createNetwork(name, { classes: 1000 })
      expect(countParameters(network.parameters)).toBe(parameters)
      expect(Math.round(countMultiplyAdds(network) / 1e6) / 1e3).toBe(billions)
    },
  )

  it.each(timm)('%s has timm’s %i parameters', (name, parameters) =>
    expect(countParameters(createNetwork(name, { classes: 1000 }).parameters)).toBe(parameters),
  )

  it('are listed by pattern', () => {
    expect(listNetworks('resnet*')).toEqual(
      [8, 14, 18, 20, 26, 32, 34, 44, 50, 56, 101, 110, 152].map((depth) => `resnet${depth}`),
    )
    expect(listNetworks('*_bn')).toEqual(['vgg11_bn', 'vgg13_bn', 'vgg16_bn', 'vgg19_bn'])
    expect(listNetworks('nothing*')).toEqual([])
    expect(listNetworks('vgg1.*')).toEqual([])
  })

  it.each(listNetworks())('%s has a tap for each stage, of one kind, and the vector before the last layer', (name) => {
    const taps = listTaps(createNetwork(name, { classes: 10 }))
    const stages = taps.filter((tap) => /^layer\d+$/.test(tap.name))
    expect(stages.map((tap) => tap.name)).toEqual(stages.map((_, i) => `layer${i + 1}`))
    expect(stages.length).toBeGreaterThanOrEqual(3)
    const kinds = new Set(stages.map(({ kind }) => kind))
    expect([...kinds]).toEqual([/^(vit|deit|mixer)/.test(name) ? 'tokens' : 'map'])
    expect(stages.map(({ shape }) => shape.length)).toEqual(stages.map(() => (kinds.has('map') ? 3 : 2)))
    expect(taps.find((tap) => tap.name === 'pool')).toMatchObject({ kind: 'vector', shape: [expect.any(Number)] })
  })
})
