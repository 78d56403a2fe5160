import { countParameters } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import { mlpMixer } from './mlp-mixer.ts'
import { fromTorch } from '@gpdjs/interchange'

describe('mlpMixer', () => {
  it.each([
    // timm's published counts: Mixer-S/16 and Mixer-B/16
    [{}, 18_528_264],
    [{ depth: 12, width: 768 }, 59_880_472],
  ])('%o has %i parameters', (options, count) =>
    expect(countParameters(mlpMixer({ classes: 1000, ...options }).parameters)).toBe(count),
  )

  it('has the parameters that its layers add up to', () => {
    const linear = (i: number, o: number) => i * o + o
    const block = 4 * 8 + linear(24, 5) + linear(5, 24) + linear(8, 9) + linear(9, 8)
    const options = { patchSize: 4, depth: 3, width: 8, tokenMlpWidth: 5, channelMlpWidth: 9, inputShape: [16, 24, 1] }
    const network = mlpMixer({ classes: 2, ...options })
    expect(countParameters(network.parameters)).toBe(linear(16, 8) + 3 * block + 2 * 8 + linear(8, 2))
  })

  it('has timm’s names', () => {
    const { missing } = fromTorch(mlpMixer({ classes: 2 }), {})
    for (const name of [
      'stem.proj.weight',
      'blocks.7.mlp_tokens.fc1.weight',
      'blocks.0.mlp_channels.fc2.bias',
      'norm.bias',
      'head.bias',
    ])
      expect(missing).toContain(name)
  })

  it('can be expanded in the hidden units of its MLPs only', () => {
    const { groups } = mlpMixer({ classes: 2, depth: 2, width: 8, inputShape: [32, 32, 3] })
    expect(groups).toEqual([0, 1].flatMap((i) => ['tokens', 'channels'].map((kind) => `blocks.${i}.mlp_${kind}.fc1`)))
  })
})
