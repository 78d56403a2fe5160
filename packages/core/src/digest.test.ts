import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digestOf } from './digest.ts'

const sha256 = (...pieces: readonly Uint8Array[]) =>
  pieces.reduce((hash, piece) => hash.update(piece), createHash('sha256')).digest()

describe('digestOf', () => {
  it('is SHA-256 of the digests of the pieces', async () => {
    const pieces = [Buffer.from('labels'), new Uint8Array([0, 1, 255])]
    expect(await digestOf(['labels', pieces[1]!])).toBe(sha256(...pieces.map((piece) => sha256(piece))).toString('hex'))
  })

  it('tells where a piece ends', async () => expect(await digestOf(['ab', 'c'])).not.toBe(await digestOf(['a', 'bc'])))

  it('reads a view, not the buffer behind it', async () => {
    const whole = new Uint8Array([1, 2, 3, 4])
    expect(await digestOf([whole.subarray(1, 3)])).toBe(await digestOf([new Uint8Array([2, 3])]))
  })
})
