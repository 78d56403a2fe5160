import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGpdError, sizeOf } from '@gpdjs/core'
import { decodeIdx } from './decode.ts'
import { encodeIdx } from './encode.ts'

const source = 'folder/some-idx3-ubyte'
const decode = (...bytes: number[]) => decodeIdx(Uint8Array.from(bytes), { source })
const LARGEST = [0xff, 0xff, 0xff, 0xff]

describe('decodeIdx', () => {
  it('reads a file written by hand', () => {
    expect(decode(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6)).toEqual({
      dims: [2, 3],
      data: Uint8Array.of(1, 2, 3, 4, 5, 6),
    })
  })

  it('reads sizes in big-endian order, and from the middle of a buffer', () => {
    const bytes = Uint8Array.of(9, 9, 9, 0, 0, 8, 1, 0, 0, 1, 2, ...new Array<number>(258).fill(7)).subarray(3)
    expect(decodeIdx(bytes, { source }).dims).toEqual([258])
  })

  it('reads a file of no items', () => {
    expect(decode(0, 0, 8, 1, 0, 0, 0, 0)).toEqual({ dims: [0], data: new Uint8Array(0) })
  })

  it.each([
    { fault: 'an empty file', bytes: [], says: 'a complete IDX header, found 0 bytes' },
    { fault: 'three bytes', bytes: [0, 0, 8], says: 'a complete IDX header, found 3 bytes' },
    { fault: 'sizes cut off', bytes: [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0], says: 'a complete IDX header, found 11 bytes' },
    { fault: 'a wrong magic number', bytes: [1, 0, 8, 1, 0, 0, 0, 0], says: 'found 0x01 0x00 0x08 0x01' },
    { fault: 'a wrong second byte', bytes: [0, 2, 8, 1, 0, 0, 0, 0], says: 'found 0x00 0x02 0x08 0x01' },
    { fault: 'floats', bytes: [0, 0, 0x0d, 1, 0, 0, 0, 0], says: 'uint8 (0x08), found float32' },
    { fault: 'an unknown type', bytes: [0, 0, 0x0a, 1, 0, 0, 0, 0], says: 'found type 0x0a' },
    { fault: 'rank 0', bytes: [0, 0, 8, 0, 1], says: '1 … 4 dimensions, found 0' },
    { fault: 'rank 5', bytes: [0, 0, 8, 5, ...new Array<number>(20).fill(0)], says: '1 … 4 dimensions, found 5' },
    { fault: 'rank 255', bytes: [0, 0, 8, 255], says: '1 … 4 dimensions, found 255' },
    { fault: 'data cut off', bytes: [0, 0, 8, 1, 0, 0, 0, 3, 1, 2], says: '11 bytes for the sizes [3], found 10' },
    { fault: 'trailing bytes', bytes: [0, 0, 8, 1, 0, 0, 0, 1, 1, 0], says: '9 bytes for the sizes [1], found 10' },
    { fault: 'a size far beyond the file', bytes: [0, 0, 8, 1, ...LARGEST], says: '4294967303 bytes' },
    { fault: 'a product beyond 2^53', bytes: [0, 0, 8, 2, ...LARGEST, ...LARGEST], says: 'a countable size' },
    {
      fault: 'a product that is 0 modulo 2^64',
      bytes: [0, 0, 8, 4, ...[0, 1, 0, 0], ...[0, 1, 0, 0], ...[0, 1, 0, 0], ...[0, 1, 0, 0]],
      says: 'a countable size, found [65536, 65536, 65536, 65536]',
    },
  ])('refuses $fault, naming the file', ({ bytes, says }) => {
    const read = () => decode(...bytes)
    expect(read).toThrow(expect.objectContaining({ code: 'data.corrupt', fix: expect.stringMatching(/\w/) }))
    expect(read).toThrow(`${source}: expected `)
    expect(read).toThrow(says)
  })

  it('reads or refuses any bytes, and never fails otherwise', () => {
    const header = fc.tuple(
      fc.constantFrom(0, 0, 0, 1),
      fc.constantFrom(0, 0, 0, 31),
      fc.constantFrom(8, 8, 9),
      fc.nat(5),
    )
    const bytes = fc
      .tuple(header, fc.uint8Array({ maxLength: 30 }))
      .map(([head, tail]) => Uint8Array.of(...head, ...tail))
    fc.assert(
      fc.property(bytes, (file) => {
        try {
          const { dims, data } = decodeIdx(file, { source })
          expect(encodeIdx({ dims, data })).toEqual(file)
        } catch (error) {
          if (!isGpdError(error)) throw error
          expect(error.code).toBe('data.corrupt')
        }
      }),
    )
  })
})

describe('encodeIdx', () => {
  it('writes these bytes', () => {
    expect([...encodeIdx({ dims: [2, 1, 1], data: Uint8Array.of(7, 9) })]).toEqual(
      [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 9], // prettier-ignore
    )
  })

  it('is undone by decodeIdx', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(6), { minLength: 1, maxLength: 4 }), fc.nat(255), (dims, start) => {
        const size = sizeOf(dims)
        const data = Uint8Array.from({ length: size }, (_, i) => start + i)
        expect(decodeIdx(encodeIdx({ dims, data }), { source })).toEqual({ dims, data })
      }),
    )
  })

  it.each([
    { fault: 'too few bytes', dims: [2, 2], bytes: 3 },
    { fault: 'no sizes', dims: [], bytes: 1 },
    { fault: 'five sizes', dims: [1, 1, 1, 1, 1], bytes: 1 },
    { fault: 'half an item', dims: [0.5, 2], bytes: 1 },
    { fault: 'a size of 33 bits', dims: [2 ** 32, 0], bytes: 0 },
  ])('refuses $fault', ({ dims, bytes }) => {
    const write = () => encodeIdx({ dims, data: new Uint8Array(bytes) })
    expect(write).toThrow(expect.objectContaining({ code: 'data.mismatch' }))
  })
})

it.each([
  ['an ArrayBuffer', (bytes: Uint8Array) => bytes.slice().buffer],
  [
    'a DataView of a part',
    (bytes: Uint8Array) => new DataView(Uint8Array.from([9, ...bytes, 9]).buffer, 1, bytes.length),
  ],
])('decodeIdx takes %s', (_, as) => {
  const bytes = encodeIdx({ dims: [2], data: Uint8Array.of(7, 9) })
  expect(decodeIdx(as(bytes), { source: 'x' })).toEqual({ dims: [2], data: Uint8Array.of(7, 9) })
})

it('decodeIdx says what to do about a path', () => {
  expect(() => decodeIdx('labels-idx1-ubyte' as never, { source: 'x' })).toThrow(
    /expected the bytes of a file.*await readFile/,
  )
})
