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

  it('are refused with double precision, by name', () =>
    expect(() => read('double')).toThrow(/"x" of type F32, .*found "F64"/))

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
