import { describe, expect, it } from 'vitest'
import { float, integer, integers, message, text, varint } from './protobuf.ts'

describe('protobuf', () => {
  // The first three are the worked examples of the encoding guide of Protocol Buffers.
  it('writes the examples of the encoding guide', () => {
    expect([...integer(1, 150)]).toEqual([0x08, 0x96, 0x01])
    expect([...text(2, 'testing')]).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67])
    expect([...message(3, integer(1, 150))]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01])
  })

  it('writes negative numbers as ten bytes of two’s complement', () => {
    expect([...varint(-1)]).toEqual([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
    expect([...varint(2 ** 53)]).toEqual([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10])
  })

  it('writes field numbers above 15 with two bytes of tag, floats little-endian and lists as repeated fields', () => {
    expect([...integer(20, 7)]).toEqual([0xa0, 0x01, 0x07])
    expect([...float(2, 1.5)]).toEqual([0x15, 0x00, 0x00, 0xc0, 0x3f])
    expect([...integers(8, [3, 300])]).toEqual([0x40, 0x03, 0x40, 0xac, 0x02])
  })
})
