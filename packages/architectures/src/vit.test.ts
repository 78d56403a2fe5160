import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import { apply, countMultiplyAdds, countParameters, initializeParameters } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { deit } from './deit.ts'
import { goldenFiles, goldenNetwork, relativeGap } from './testing/golden.ts'
import { fromTorch, toTorch } from '@gpdjs/interchange'
import { vit } from './vit.ts'

beforeAll(async () => {
  await useBackend('wasm')
})

describe.each(goldenFiles(/^torchvision_vit_\w+\.safetensors$/))('$name', ({ path }) => {
  const { state, inputShape, images, expected } = goldenNetwork(path)
  const size = (name: string, axis: number) => state.get(name)!.shape[axis]!
  const network = vit({
    inputShape,
    classes: size('heads.head.bias', 0),
    patchSize: size('conv_proj.weight', 2),
    depth: [...state.keys()].filter((name) => name.endsWith('.ln_1.weight')).length,
    width: size('class_token', 2),
    heads: 4, // the only number that does not follow from a shape
    mlpWidth: size('encoder.layers.encoder_layer_0.mlp.0.bias', 0),
  })

  it('has torchvision’s parameters, no more and no less', () => {
    const { missing, unexpected } = fromTorch(network, state)
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] })
  })

  it.each(['eval', 'train'] as const)('gives torchvision’s logits in %s mode', (mode) => {
    const gap = tf.tidy(() => {
      const { parameters, statistics } = fromTorch(network, state)
      const { outputs } = apply({ network, parameters, statistics }, images(), { training: mode === 'train' })
      return relativeGap(outputs['logits']!, expected(`${mode}/logits`))
    })
    expect(gap).toBeLessThan(1e-5)
  })

  it('comes back as the same state dict', async () => {
    const { parameters } = fromTorch(network, state)
    expect(new Map(await toTorch(network, parameters))).toEqual(
      new Map([...state].map(([name, { shape, data }]) => [name, { shape: [...shape], data }])),
    )
    tf.dispose(parameters)
  })
})

/** Parameters of a Vision Transformer by hand, with `tokens` learned tokens, each with a head of its own. */
function vitCount(depth: number, w: number, patch: number, image: number, classes: number, tokens = 1): number {
  const linear = (i: number, o: number) => i * o + o
  const block = 2 * w + linear(w, 3 * w) + linear(w, w) + 2 * w + linear(w, 4 * w) + linear(4 * w, w)
  const positions = (image / patch) ** 2 + tokens
  return linear(3 * patch * patch, w) + tokens * w + positions * w + depth * block + 2 * w + tokens * linear(w, classes)
}

describe('vit', () => {
  it.each([
    // torchvision's published counts
    [{ patchSize: 16 }, 86_567_656],
    [{ patchSize: 32 }, 88_224_232],
    [{ patchSize: 16, depth: 24, width: 1024, heads: 16 }, 304_326_632],
  ])('%o has %i parameters', (options, count) =>
    expect(countParameters(vit({ classes: 1000, ...options }).parameters)).toBe(count),
  )

  it('has the parameters that its layers add up to', () => {
    const network = vit({ classes: 7, inputShape: [32, 32, 3], patchSize: 4, depth: 5, width: 24, heads: 3 })
    expect(countParameters(network.parameters)).toBe(vitCount(5, 24, 4, 32, 7))
    expect(countMultiplyAdds(network)).toBe(
      // patches, then 65 tokens through dense layers of 12 w² and two products of all pairs, then the head
      64 * 48 * 24 + 5 * (65 * 12 * 24 * 24 + 2 * 65 * 65 * 24) + 24 * 7,
    )
  })

  it('has taps behind every block and every quarter, and the class token', () => {
    const { taps, shapes } = vit({ classes: 7, inputShape: [32, 32, 3], patchSize: 8, depth: 6, width: 8, heads: 2 })
    const block = (n: number) => `encoder.layers.encoder_layer_${n - 1}.add2`
    expect([1, 2, 3, 4].map((n) => taps[`layer${n}`])).toEqual([1, 3, 4, 6].map(block))
    expect([1, 6].map((n) => taps[`block${n}`])).toEqual([1, 6].map(block))
    expect([shapes[taps['layer1']!], shapes[taps['pool']!]]).toEqual([[17, 8], [8]])
  })

  it('drops rising shares of its branches', () => {
    const { nodes } = vit({
      classes: 7,
      inputShape: [16, 16, 3],
      depth: 3,
      width: 8,
      heads: 2,
      dropPath: 0.2,
      dropout: 0.1,
    })
    const rates = (op: string) => nodes.filter((node) => node.op === op).map(({ attributes }) => attributes['rate'])
    expect(rates('stochasticDepth')).toEqual([0.1, 0.1, 0.2, 0.2])
    expect(rates('dropout')).toEqual(Array.from({ length: 10 }, () => 0.1))
  })

  it.each([
    [{ patchSize: 5 }, /patchSize: expected patches that fill the image, got 32 x 32 pixels and patches of 5/],
    [{ heads: 5 }, /width: expected a multiple of the heads, got 24 and 5 heads/],
    [{ dropout: 1 }, /dropout: expected a number from 0 to below 1, got 1/],
    [{ depht: 1 }, /Did you mean 'depth'/],
  ])('refuses %o', (options, message) => {
    const attempt = () => vit({ classes: 7, inputShape: [32, 32, 3], patchSize: 4, width: 24, heads: 3, ...options })
    expect(attempt).toThrow(message)
  })
})

describe('deit', () => {
  it.each([
    // timm's published counts: DeiT-Ti, DeiT-S, DeiT-Ti distilled
    [{}, 5_717_416],
    [{ width: 384, heads: 6 }, 22_050_664],
    [{ distilled: true }, 5_910_800],
  ])('%o has %i parameters', (options, count) =>
    expect(countParameters(deit({ classes: 1000, ...options }).parameters)).toBe(count),
  )

  const small = { classes: 4, inputShape: [16, 16, 3], patchSize: 4, depth: 2, width: 8, heads: 2 }

  it('has the tokens and heads of timm under timm’s names', () => {
    const { missing } = fromTorch(deit({ ...small, distilled: true }), {})
    for (const name of ['cls_token', 'dist_token', 'pos_embed', 'blocks.1.attn.qkv.weight', 'head_dist.bias'])
      expect(missing).toContain(name)
  })

  it('averages both heads', () => {
    const network = deit({ ...small, distilled: true })
    expect(countParameters(network.parameters)).toBe(vitCount(2, 8, 4, 16, 4, 2))
    const [gap, apart] = tf.tidy(() => {
      const parameters = initializeParameters(network.parameters, 1)
      const x = tf.randomNormal([3, 16, 16, 3], 0, 1, 'float32', 1)
      const { outputs, taps } = apply({ network, parameters, statistics: {} }, x, {
        training: false,
        taps: ['head', 'head.distillation'],
      })
      const [a, b] = [taps['head']!, taps['head.distillation']!]
      return [relativeGap(outputs['logits']!, tf.div(tf.add(a, b), 2)), relativeGap(a, b)] as never
    }) as unknown as [number, number]
    expect(gap).toBeLessThan(1e-6)
    expect(apart).toBeGreaterThan(0.1)
  })
})
