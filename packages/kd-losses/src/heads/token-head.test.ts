import { isGpdError } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import { exitHead } from './exit-head.ts'
import { tokenLayout } from './token-head.ts'

describe('tokenLayout', () => {
  it.each([
    [197, { extra: 1, side: 14, merges: 1 }], // ViT, DeiT: 224 / 16
    [198, { extra: 2, side: 14, merges: 1 }], // distilled DeiT
    [196, { extra: 0, side: 14, merges: 1 }], // MLP-Mixer
    [785, { extra: 1, side: 28, merges: 2 }],
    [65, { extra: 1, side: 8, merges: 0 }],
    [49, { extra: 0, side: 7, merges: 0 }],
    [1, { extra: 0, side: 1, merges: 0 }],
    [2, { extra: 1, side: 1, merges: 0 }],
    [226, { extra: 1, side: 15, merges: 0 }], // an odd side is not halved
  ])('reads %d tokens', (tokens, expected) => {
    expect(tokenLayout('ofa', tokens)).toEqual(expected)
  })

  it.each([7, 23, 200])('refuses %d tokens, which are no square of patches', (tokens) => {
    const attempt = () => exitHead('ofa', 'exit0', [tokens, 8], 1, 5)
    expect(attempt).toThrow(new RegExp(`got ${tokens} tokens`))
    expect(attempt).toThrow(expect.toSatisfy((e) => isGpdError(e) && e.code === 'network.shape'))
  })
})
