import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from './decode.ts'
import { encodeSafetensors, type EncodableTensor } from './encode.ts'

const bytesOf = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../fixtures/python_${name}.safetensors`, import.meta.url))))

const read = (name: string) => decodeSafetensors(bytesOf(name), { source: name })

describe('files of the reference writer', () => {
  it('are read number for number', () => {
    const { tensors, metadata } = read('plain')
    expect(metadata).toEqual({ epoch: '3' })
    expect(Object.fromEntries(tensors)).toEqual({
      weight: { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1.5, -2, 0.1, 1e-40, Infinity, -0) },
      a: { dtype: 'F32', shape: [], data: Float32Array.of(7) },
      none: { dtype: 'F32', shape: [2, 0], data: new Float32Array() },
      steps: { dtype: 'I32', shape: [2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
    })
  })

  it('have half-precision numbers widened and other types kept', () => {
    // As torch converts them: 1/3 with 11 and with 8 bits, the largest and the smallest numbers.
    const { tensors } = read('types')
    expect(tensors.get('half')?.data).toEqual(Float32Array.of(0.333251953125, -65504, 2 ** -24, -Infinity))
    expect(tensors.get('brain')?.data).toEqual(Float32Array.of(0.333984375, -226 * 2 ** 120, 2 ** -133))
    expect(tensors.get('long')?.data).toEqual(BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n))
    expect(tensors.get('flag')?.data).toEqual(Uint8Array.of(1, 0, 1))
    expect(tensors.get('byte')?.data).toEqual(Uint8Array.of(0, 255))
  })

  it('keep doubles and integers of every size', () => {
    expect(read('double').tensors.get('x')).toEqual({ dtype: 'F64', shape: [1], data: Float64Array.of(0.5) })
    const { tensors } = read('element_types')
    expect(tensors.get('double')?.data).toEqual(Float64Array.of(1 / 3, -1e300, 2 ** 24 + 1))
    expect(tensors.get('i8')?.data).toEqual(Int8Array.of(-128, 127))
    expect(tensors.get('i16')?.data).toEqual(Int16Array.of(-(2 ** 15), 2 ** 15 - 1))
    expect(tensors.get('u16')?.data).toEqual(Uint16Array.of(0, 2 ** 16 - 1))
    expect(tensors.get('u32')?.data).toEqual(Uint32Array.of(0, 2 ** 32 - 1))
    expect(tensors.get('u64')?.data).toEqual(BigUint64Array.of(0n, 2n ** 64n - 1n))
  })

  it.each(['F8_E4M3', 'F8_E5M2', 'F8_E8M0'])('have all 256 numbers of %s widened as ml_dtypes does', (dtype) => {
    const { tensors } = read('element_types')
    const widened = tensors.get(`${dtype} widened`)!.data
    expect(tensors.get(dtype)).toEqual({ dtype, shape: [256], data: widened })
    expect(new Set([...(widened as Float32Array)].map(String)).size).toBeGreaterThan(200)
  })

  it('are in the way of nobody who does not ask for their complex numbers', () => {
    const complex = read('element_types').tensors.get('complex')!
    expect([complex.dtype, complex.shape]).toEqual(['C64', [1]])
    expect(() => complex.data).toThrow(/element_types: "complex": .*C64, which is not read.*real and imaginary/)
  })

  it('have the types in the order in which we write them', () => {
    const reference = [...read('types').tensors].filter(([, { dtype }]) => dtype === 'U8' || dtype === 'BOOL')
    const ours = decodeSafetensors(
      encodeSafetensors(Object.fromEntries(reference) as Record<string, EncodableTensor>),
      {
        source: 'ours',
      },
    )
    expect(reference).toHaveLength(2)
    expect([...ours.tensors]).toEqual(reference)
  })

  it('are what we write, byte for byte', () => {
    const { tensors, metadata } = read('plain')
    const again = encodeSafetensors(Object.fromEntries(tensors) as Record<string, EncodableTensor>, metadata)
    expect(again).toEqual(bytesOf('plain'))
  })
})
