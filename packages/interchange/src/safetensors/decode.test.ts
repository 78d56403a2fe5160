import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GpdError, type Bytes } from '@gpdjs/core'
import { decodeSafetensors } from './decode.ts'
import { encodeSafetensors } from './encode.ts'

const utf8 = new TextEncoder()

/** A file with the given header and data, and if need be another header length than the true one. */
function file(header: string | Uint8Array, data: Uint8Array | number = 0, length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? utf8.encode(header) : header
  const tail = typeof data === 'number' ? new Uint8Array(data) : data
  const bytes = new Uint8Array(8 + text.length + tail.length)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(tail, 8 + text.length)
  return bytes
}

const entry = (name: string, dtype: string, shape: string, begin: number | string, end: number | string): string =>
  `"${name}":{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`

const decode = (bytes: Uint8Array) => decodeSafetensors(bytes, { source: 'model.safetensors' })

function refusal(bytes: Uint8Array): GpdError {
  try {
    decode(bytes)
  } catch (error) {
    if (error instanceof GpdError) return error
    throw error
  }
  throw new Error('expected a refusal')
}

describe('decodeSafetensors reads', () => {
  it('a file written by hand, byte for byte', () => {
    const header = '{"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"__metadata__":{"epoch":"3"}}  '
    // 1.5 = 0x3fc00000 and −2 = 0xc0000000, lowest byte first.
    const { tensors, metadata } = decode(file(header, Uint8Array.of(0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0)))
    expect([...tensors]).toEqual([['w', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1.5, -2) }]])
    expect(metadata).toEqual({ epoch: '3' })
  })

  it.each([
    ['F16', [0x00, 0x3c, 0x01, 0x00, 0x00, 0xfc, 0xff, 0x7b], Float32Array.of(1, 2 ** -24, -Infinity, 65504)],
    ['F16', [0x00, 0x7e, 0x00, 0x80, 0x55, 0x35, 0x00, 0x04], Float32Array.of(NaN, -0, 0.333251953125, 2 ** -14)],
    ['BF16', [0x80, 0x3f, 0x00, 0xc0, 0x80, 0x7f, 0x01, 0x00], Float32Array.of(1, -2, Infinity, 2 ** -133)],
    ['I32', [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], Int32Array.of(1, -1)],
    ['I64', [1, 0, 0, 0, 0, 0, 0, 0x80], BigInt64Array.of(-(2n ** 63n) + 1n)],
    ['U8', [0, 1, 255], Uint8Array.of(0, 1, 255)],
    ['BOOL', [0, 1], Uint8Array.of(0, 1)],
  ])('%s %j', (dtype, bytes, data) => {
    const read = decode(file(`{${entry('x', dtype, `[${data.length}]`, 0, bytes.length)}}`, Uint8Array.from(bytes)))
    expect(read.tensors.get('x')).toEqual({ dtype, shape: [data.length], data })
  })

  it('rank 0, axes of size 0, data in another order than the header, and any alignment', () => {
    const header = `{${entry('b', 'F32', '[]', 3, 7)},${entry('none', 'F32', '[2,0]', 3, 3)},${entry('a', 'U8', '[3]', 0, 3)}} `
    const shifted = new Uint8Array(9 + file(header).length + 7)
    shifted.set(file(header, Uint8Array.of(7, 8, 9, 0, 0, 0x80, 0x3f)), 1)
    const bytes = shifted.subarray(1, 1 + file(header).length + 7)
    const { tensors } = decode(bytes)
    expect([...tensors.keys()]).toEqual(['b', 'none', 'a'])
    expect(tensors.get('b')).toEqual({ dtype: 'F32', shape: [], data: Float32Array.of(1) })
    expect(tensors.get('none')).toEqual({ dtype: 'F32', shape: [2, 0], data: new Float32Array() })
    expect(tensors.get('a')).toEqual({ dtype: 'U8', shape: [3], data: Uint8Array.of(7, 8, 9) })
  })

  it.each([
    ['F4', '[2,3]', 3],
    ['F6_E2M3', '[4]', 3],
    ['F6_E3M2', '[8]', 6],
    ['C64', '[2]', 16],
  ])('a file with %s, whose numbers throw when they are asked for', (dtype, shape, size) => {
    const header = `{${entry('x', dtype, shape, 0, size)},${entry('y', 'U8', '[1]', size, size + 1)}}`
    const { tensors } = decode(file(header, Uint8Array.from([...new Uint8Array(size), 7])))
    expect(tensors.get('y')?.data).toEqual(Uint8Array.of(7))
    expect(tensors.get('x')).toMatchObject({ dtype, shape: JSON.parse(shape) as number[] })
    expect(() => tensors.get('x')?.data).toThrow(
      expect.objectContaining({
        code: 'checkpoint.incompatible',
        message: expect.stringContaining(`got the type ${dtype}`),
      }),
    )
  })

  it.each<[string, (bytes: Uint8Array) => Bytes]>([
    ['an ArrayBuffer', (bytes) => bytes.slice().buffer],
    [
      'a SharedArrayBuffer',
      (bytes) => {
        const shared = new SharedArrayBuffer(bytes.length)
        new Uint8Array(shared).set(bytes)
        return shared
      },
    ],
    ['a Buffer', (bytes) => Buffer.from(bytes)],
    ['a DataView of a part', (bytes) => new DataView(Uint8Array.from([9, ...bytes, 9]).buffer, 1, bytes.length)],
    ['numbers of another size', (bytes) => new Uint16Array(bytes.slice().buffer)],
  ])('%s', (_, as) => {
    const bytes = file(`{${entry('x', 'U8', '[4]', 0, 4)}}`.padEnd(60), Uint8Array.of(1, 2, 3, 4))
    expect(decodeSafetensors(as(bytes), { source: 'x' }).tensors.get('x')?.data).toEqual(Uint8Array.of(1, 2, 3, 4))
  })

  it.each([
    ['a path', 'model.safetensors'],
    ['a promise', Promise.resolve(new Uint8Array(9))],
    ['a list', [1, 2]],
    ['nothing', undefined],
  ])('no bytes: %s', (_, value) => {
    expect(() => decodeSafetensors(value as never, { source: 'x' })).toThrow(
      expect.objectContaining({ code: 'config.invalid', fix: expect.stringContaining('await readFile(path)') }),
    )
  })

  it('copies, so that changing the file later changes nothing', () => {
    const bytes = file(`{${entry('x', 'U8', '[1]', 0, 1)}}`, Uint8Array.of(5))
    const { tensors } = decode(bytes)
    bytes.fill(0)
    expect(tensors.get('x')?.data).toEqual(Uint8Array.of(5))
  })

  it('names that are also properties of every object, without touching a prototype', () => {
    const bytes = file(`{${entry('constructor', 'U8', '[0]', 0, 0)},"__metadata__":{"toString":"1"}}`)
    expect([...decode(bytes).tensors.keys()]).toEqual(['constructor'])
    expect(Object.entries(decode(bytes).metadata)).toEqual([['toString', '1']])
  })
})

const one = entry('x', 'U8', '[1]', 0, 1)
const many = (count: number) => Array.from({ length: count }, (_, i) => entry(`w${i}`, 'F32', '[2,2]', 0, 16)).join(',')

describe('decodeSafetensors refuses', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /at least 8 bytes, found 0\./],
    ['seven bytes', new Uint8Array(7), /at least 8 bytes, found 7\./],
    ['an empty header', new Uint8Array(8), /starts with '\{', found byte none/],
    ['a header longer than the file', file('{}', 0, 3n), /at most 2 bytes, found a length of 3/],
    ['a length of 2^63', file('{}', 0, 2n ** 63n), /found a length of 9223372036854775808/],
    ['a length that rounds to a small double', file('{}', 0, 2n ** 53n + 1n), /a length of 9007199254740993/],
    ['leading spaces', file(' {}'), /found byte 32/],
    ['a byte order mark', file('\ufeff{}'), /found byte 239/],
    ['bytes that are not UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22)), /in UTF-8/],
    ['a list', file('[]'), /found byte 91/],
    ['text that is not JSON', file('{invalid'), /a string, found "i" at character 1/],
    ['a header without end', file('{'), /a string, found the end/],
    ['a trailing comma', file(`{${one},}`, 1), /a string, found "}"/],
    ['text behind the object', file(`{${one}}x`, 1), /the end of the header, found "x"/],
    ['a second object behind the first', file(`{${one}}{}`, 1), /the end of the header/],
    ['a string without end', file('{"x'), /valid JSON strings/],
    ['a string that ends in a backslash', file('{"x\\'), /valid JSON strings/],
    ['a control character in a string', file('{"\u0001":{}}'), /valid JSON strings/],
    ['an unknown escape', file('{"\\x":{}}'), /valid JSON strings/],
    ['a name twice', file(`{${one},${one}}`, 1), /unique keys, found "x" twice/],
    ['a name twice, once escaped', file(`{${one},${one.replace('x', '\\u0078')}}`, 1), /"x" twice/],
    ['a field twice', file('{"x":{"dtype":"U8","dtype":"U8"}}'), /"dtype" twice/],
    ['a metadata key twice', file('{"__metadata__":{"a":"1","a":"2"}}'), /"a" twice/],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), /"__metadata__" twice/],
    ['a tensor called __proto__', file(`{${one.replace('"x"', '"__proto__"')}}`, 1), /found "__proto__"/],
    ['metadata called __proto__', file('{"__metadata__":{"__proto__":"1"}}'), /found "__proto__"/],
    ['metadata that is not a string', file('{"__metadata__":{"a":1}}'), /a string, found "1"/],
    ['an unknown field', file('{"x":{"dtype":"U8","strides":[1]}}'), /only dtype, shape and data_offsets.*"strides"/],
    ['a missing field', file('{"x":{"dtype":"U8","shape":[1]}}', 1), /found a part of them/],
    ['one offset', file('{"x":{"dtype":"U8","shape":[1],"data_offsets":[0]}}', 1), /found a part of them/],
    ['three offsets', file('{"x":{"data_offsets":[0,1,2]}}'), /at most 2 integers/],
    ['a nested list', file(`{"x":{"shape":${'['.repeat(5000)}`), /an integer/],
    ['a negative axis', file(`{${entry('x', 'U8', '[-1]', 0, 1)}}`, 1), /an integer from 0.*"-1"/],
    ['a fractional axis', file(`{${entry('x', 'U8', '[1.0]', 0, 1)}}`, 1), /"1.0"/],
    ['an axis in exponent notation', file(`{${entry('x', 'U8', '[1e0]', 0, 1)}}`, 1), /"1e0"/],
    ['an axis with a leading zero', file(`{${entry('x', 'U8', '[01]', 0, 1)}}`, 1), /"01"/],
    ['an axis of 2^53', file(`{${entry('x', 'U8', `[${2 ** 53}]`, 0, 1)}}`, 1), /"9007199254740992"/],
    ['a size beyond 2^53', file(`{${entry('x', 'U8', '[67108864,67108864,2]', 0, 1)}}`, 1), /countable size/],
    ['a size that 0 would hide', file(`{${entry('x', 'F32', `[${2 ** 52},4,0]`, 0, 0)}}`), /countable size/],
    [
      'a petabyte',
      file(`{${entry('x', 'F32', '[281474976710656]', 0, 2 ** 50)}}`),
      /1125899906842624 bytes of data, found 0/,
    ],
    [
      'a size that differs from the size of the shape',
      file(`{${entry('x', 'F32', '[2]', 0, 4)}}`, 4),
      /8 bytes for "x", F32 \[2\], found 4/,
    ],
    ['an end before the begin', file(`{${entry('x', 'U8', '[1]', 1, 0)}}`, 1), /1 bytes for "x".*found -1/],
    [
      'an overlap',
      file(`{${entry('x', 'U8', '[2]', 0, 2)},${entry('y', 'U8', '[2]', 1, 3)}}`, 3),
      /"y" to begin at byte 2/,
    ],
    ['two names for one range', file(`{${one},${one.replace('x', 'y')}}`, 1), /"y" to begin at byte 1/],
    ['a hole', file(`{${one},${entry('y', 'U8', '[1]', 2, 3)}}`, 3), /"y" to begin at byte 1/],
    ['a gap before the first', file(`{${entry('x', 'U8', '[1]', 1, 2)}}`, 2), /"x" to begin at byte 0/],
    ['trailing bytes', file(`{${one}}`, 2), /1 bytes of data, found 2/],
    ['missing bytes', file(`{${one}}`, 0), /1 bytes of data, found 0/],
    ['data without tensors', file('{}', 1), /0 bytes of data, found 1/],
    ['an element type of no format', file(`{${entry('x', 'F128', '[1]', 0, 16)}}`, 16), /of type F64, .*found "F128"/],
    ['half a byte', file(`{${entry('x', 'F4', '[3]', 0, 1)}}`, 1), /whole bytes for "x", F4, found shape \[3\]/],
    ['an element type of every object', file(`{${entry('x', 'constructor', '[1]', 0, 8)}}`, 8), /found "constructor"/],
    ['a hundred thousand names of one range', file(`{${many(100_000)}}`, 16), /to begin at byte 16/],
    ['more names than that', file(`{${many(100_001)}}`, 16), /at most 100000 tensors/],
    [
      'more axes than anything has',
      file(`{${entry('x', 'U8', `[${'1,'.repeat(40)}1]`, 0, 1)}}`, 1),
      /at most 32 integers/,
    ],
  ])('%s', (_, bytes, message) => {
    const error = refusal(bytes)
    expect(error.code).toBe('checkpoint.corrupt')
    expect(error.message).toMatch(/^model\.safetensors: /)
    expect(error.message).toMatch(message)
    expect(error.message.length).toBeLessThan(400)
  })

  it('every truncation of a good file', () => {
    const bytes = encodeSafetensors({ a: { shape: [2], data: Float32Array.of(1, 2) } }, { step: '1' })
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length)).code).toBe('checkpoint.corrupt')
    }
  })

  it('or reads ten thousand random mutations, and never fails otherwise', () => {
    const header = `{${entry('a', 'F16', '[3]', 0, 6)}, ${entry('b', 'BOOL', '[2]', 6, 8)}, "__metadata__": {"é": "\\n"}}`
    const good = [
      file(header, 8),
      encodeSafetensors({
        w: { shape: [2, 2], data: new Float32Array(4) },
        y: { shape: [2], data: new Int32Array(2) },
      }),
    ]
    const edit = fc.record({ at: fc.nat(400), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) })
    const mutation = fc.record({
      base: fc.constantFrom(...good),
      edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    })
    let refused = 0
    fc.assert(
      fc.property(mutation, ({ base, edits }) => {
        let bytes: number[] = [...base]
        for (const { at, remove, insert } of edits) bytes = bytes.toSpliced(at % (bytes.length + 1), remove, ...insert)
        try {
          const { tensors } = decode(Uint8Array.from(bytes))
          const read = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
          expect(read).toBeLessThanOrEqual(2 * bytes.length)
        } catch (error) {
          if (!(error instanceof GpdError) || error.code !== 'checkpoint.corrupt') throw error
          refused++
        }
      }),
      { numRuns: 10_000, seed: 17 },
    )
    expect(refused).toBeGreaterThan(5_000)
  })
})
