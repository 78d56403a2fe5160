import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemble, wasmFunction, whileLoop } from './assembler.ts'
import { i32, signed, unsigned } from './instructions.ts'
import { channelMap, channelSums } from './channel-kernels.ts'
import type { Simd } from './module.ts'
import { transposeMatrices } from './transpose-matrix.ts'

async function instantiate(functions: Parameters<typeof assemble>[0]) {
  const memory = new WebAssembly.Memory({ initial: 4 })
  const { instance } = await WebAssembly.instantiate(assemble(functions), { env: { memory } })
  return {
    memory,
    floats: new Float32Array(memory.buffer),
    exports: instance.exports as Record<string, (...numbers: number[]) => void>,
  }
}

describe('the assembler', () => {
  // Examples of the LEB128 encodings from the DWARF 4 standard, figures 22 and 23.
  it.each([
    [2, [2]],
    [127, [127]],
    [128, [0x80, 1]],
    [129, [0x81, 1]],
    [12857, [0xb9, 0x64]],
  ])('encodes %i without sign', (value, bytes) => expect(unsigned(value)).toEqual(bytes))

  it.each([
    [2, [2]],
    [-2, [0x7e]],
    [127, [0xff, 0]],
    [-127, [0x81, 0x7f]],
    [128, [0x80, 1]],
    [-128, [0x80, 0x7f]],
    [-129, [0xff, 0x7e]],
  ])('encodes %i with sign', (value, bytes) => expect(signed(value)).toEqual(bytes))

  it('makes modules that engines accept, with loops, locals and memory', async () => {
    const squares = wasmFunction('squares', ['to', 'count'], (p, declare) => {
      const i = declare('i32')
      const store = [...i32.add(p.to.get, i32.shiftLeft(i.get, i32.const(2))), ...i32.mul(i.get, i.get), 0x36, 2, 0] // i32.store
      return [i.set(i32.const(0)), whileLoop(i32.lessThan(i.get, p.count.get), store, i.advance(i32.const(1)))]
    })
    const { memory, exports } = await instantiate([squares])
    exports['squares']!(8, 5)
    expect([...new Int32Array(memory.buffer, 0, 8)]).toEqual([0, 0, 0, 1, 4, 9, 16, 0])
  })

  it('gives functions as many parameters as they have, to the compiler too', () => {
    // Never run: the marked lines must not compile.
    const calls = ({ copyRows, channelSum, gradientMoments }: Simd) => {
      copyRows(1, 2, 3, 4, 5, 6)
      // @ts-expect-error one number too few
      copyRows(1, 2, 3, 4, 5)
      channelSum(1, 2, 3, 4, 5)
      // @ts-expect-error one number too many
      channelSum(1, 2, 3, 4, 5, 6)
      // @ts-expect-error not known how many
      gradientMoments(...[1, 2, 3])
    }
    expect(calls).toBeTypeOf('function')
  })
})

describe('channel kernels', () => {
  const mapped = channelMap({
    name: 'mapped',
    maps: ['x', 'y'],
    coefficients: ['a'],
    map: (l, { x, y, a }) => l.sub(l.mul(x, a), y),
  })
  const summed = channelSums({
    name: 'summed',
    maps: ['x', 'y'],
    coefficients: ['a'],
    sums: ['total', 'weighted'],
    terms: { total: (l, { x, y }) => l.where(y, x), weighted: (l, { x, a }) => l.mul(x, a) },
  })

  it('compute each channel alike, for any number of rows and channels, and touch nothing else', async () => {
    const { floats, exports } = await instantiate([mapped, summed])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 1, max: 39 }), (rows, channels) => {
        floats.fill(99)
        const size = rows * channels
        const [x, y, a, out, total] = [0, size, 2 * size, 2 * size + channels, 3 * size + channels] as const
        const weighted = total + channels
        const valueOf = (i: number, k: number) => ((i * k) % 9) - 4
        for (let i = 0; i < size; i++) {
          floats[x + i] = valueOf(i, 5)
          floats[y + i] = valueOf(i, 7)
        }
        for (let c = 0; c < channels; c++) {
          floats[a + c] = c % 3
          floats[total + c] = 10
          floats[weighted + c] = 20
        }
        const bytes = 4 * channels
        exports['mapped']!(4 * x, 4 * y, bytes, bytes, 4 * a, 4 * out, bytes, rows, channels)
        exports['summed']!(4 * x, 4 * y, bytes, bytes, 4 * a, 4 * total, 4 * weighted, rows, channels)
        const sums = Array<number>(2 * channels)
          .fill(10)
          .fill(20, channels)
        for (let i = 0; i < size; i++) {
          const c = i % channels
          if (valueOf(i, 7) > 0) sums[c]! += valueOf(i, 5)
          sums[channels + c]! += valueOf(i, 5) * (c % 3)
          if (floats[out + i] !== valueOf(i, 5) * (c % 3) - valueOf(i, 7))
            throw new Error(`out[${i}] = ${floats[out + i]}`)
        }
        expect([...floats.subarray(total, total + 2 * channels)]).toEqual(sums)
        expect(floats[total + 2 * channels]).toBe(99)
      }),
      { seed: 3, numRuns: 60 },
    )
  })
})

describe('transposeMatrices', () => {
  it('swaps rows and columns of any matrices', async () => {
    const { floats, exports } = await instantiate([transposeMatrices])
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1020, max: 1030 })),
        fc.integer({ min: 0, max: 3 }),
        (rows, columns, count) => {
          const size = rows * columns
          floats.fill(-1)
          for (let i = 0; i < count * size; i++) floats[i] = i
          const out = floats.subarray(count * size)
          const [row, column] = [4 * columns, 4 * rows]
          exports['transposeMatrices']!(0, 4 * count * size, rows, columns, row, column, count, 4 * size, 4 * size)
          for (let i = 0; i < count * size; i++) {
            const [which, c, r] = [Math.floor(i / size), Math.floor((i % size) / rows), i % rows]
            if (out[i] !== which * size + r * columns + c) throw new Error(`[${which}, ${c}, ${r}] = ${out[i]}`)
          }
          expect(out[count * size]).toBe(-1)
        },
      ),
      { seed: 4, numRuns: 80 },
    )
  })
})
