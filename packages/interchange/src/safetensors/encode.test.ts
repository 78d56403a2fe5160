import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGpdError, sizeOf } from '@gpdjs/core'
import { decodeSafetensors } from './decode.ts'
import { encodeSafetensors, type EncodableTensor } from './encode.ts'

const tensor: fc.Arbitrary<EncodableTensor> = fc
  .record({ shape: fc.array(fc.nat(4), { maxLength: 4 }), float: fc.boolean(), seed: fc.integer() })
  .map(({ shape, float, seed }) => {
    const size = sizeOf(shape)
    const integers = Int32Array.from({ length: size }, (_, i) => Math.imul(seed + i, 0x9e3779b1))
    // Every bit pattern of a float32 but NaNs, whose payload JavaScript may change.
    const floats = new Float32Array(integers.buffer).map((x) => (Number.isNaN(x) ? 0 : x))
    return { shape, data: float ? floats : integers }
  })

const name = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((n) => !n.startsWith('__'))
const record = <T>(value: fc.Arbitrary<T>) => fc.dictionary(name, value, { maxKeys: 6 })

describe('encodeSafetensors', () => {
  it('writes these bytes', () => {
    const bytes = encodeSafetensors(
      { b: { shape: [], data: Int32Array.of(-2) }, a: { shape: [1, 1], data: Float32Array.of(1) } },
      { epoch: '3' },
    )
    const header =
      '{"__metadata__":{"epoch":"3"},' +
      '"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},' +
      '"b":{"dtype":"I32","shape":[],"data_offsets":[4,8]}}'
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, ' ')
    expect([...bytes.subarray(0, 8)]).toEqual([padded.length, 0, 0, 0, 0, 0, 0, 0])
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + padded.length))).toBe(padded)
    expect([...bytes.subarray(8 + padded.length)]).toEqual([0, 0, 0x80, 0x3f, 0xfe, 0xff, 0xff, 0xff])
  })

  it('is undone by decodeSafetensors', () => {
    fc.assert(
      fc.property(record(tensor), record(fc.string({ unit: 'grapheme' })), (tensors, metadata) => {
        const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata), { source: 'round trip' })
        const expected = Object.entries(tensors).map(
          ([key, { shape, data }]) =>
            [key, { dtype: data instanceof Float32Array ? 'F32' : 'I32', shape, data }] as const,
        )
        expect(decoded.tensors).toEqual(new Map(expected))
        expect(Object.entries(decoded.metadata).sort()).toEqual(Object.entries(metadata).sort())
      }),
    )
  })

  it('gives the same bytes for any order of names', () => {
    fc.assert(
      fc.property(record(tensor), (tensors) => {
        const reversed = Object.fromEntries(Object.entries(tensors).reverse())
        expect(encodeSafetensors(reversed)).toEqual(encodeSafetensors(tensors))
      }),
    )
  })

  it('puts the data at a multiple of 8 bytes', () => {
    for (let length = 1; length < 10; length++) {
      const bytes = encodeSafetensors({ ['x'.repeat(length)]: { shape: [1], data: Float32Array.of(1) } })
      expect((bytes.length - 4) % 8).toBe(0)
    }
  })

  it('writes the part of a buffer that a view covers', () => {
    const view = Float32Array.of(1, 2, 3, 4).subarray(1, 3)
    const { tensors } = decodeSafetensors(encodeSafetensors({ x: { shape: [2], data: view } }), { source: 'view' })
    expect(tensors.get('x')?.data).toEqual(Float32Array.of(2, 3))
  })

  it.each<[string, Parameters<typeof encodeSafetensors>, RegExp]>([
    [
      'too few values',
      [{ x: { shape: [2, 3], data: new Float32Array(5) } }],
      /"x": expected 6 values for shape \[2, 3\], got 5/,
    ],
    ['negative axes', [{ x: { shape: [-1, -1], data: new Float32Array(1) } }], /shape \[-1, -1\]/],
    ['a reserved name', [{ __metadata__: { shape: [0], data: new Float32Array() } }], /"__metadata__"/],
    ['reserved metadata', [{}, JSON.parse('{"__proto__":"1"}') as Record<string, string>], /"__proto__"/],
  ])('refuses %s', (_, input, message) => {
    const attempt = () => encodeSafetensors(...input)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.toSatisfy((e) => isGpdError(e) && e.code === 'checkpoint.incompatible'))
  })
})
