import { wasmFunction, whileLoop, type Local } from './assembler.ts'
import { f32x4, i32, type Code } from './instructions.ts'
import { bytes, everyFour, four, vectors } from './every-four.ts'

const { add, sub, load, store } = f32x4

/**
 * `Bᵀ x B` of a row of tiles: 4×4 pixels, two apart, of an image with its padding; each of the 16 results is a matrix
 * `[tiles, channels]` of its own. Distances in bytes: `xRow` and `outRow` of rows, `matrix` of matrices.
 */
export const winogradInput = wasmFunction(
  'winogradInput',
  ['x', 'xRow', 'out', 'outRow', 'matrix', 'tiles', 'channels'],
  (p, declare) => {
    const [channel, pixel, to, twoRows, threeRows] = [
      declare('i32'),
      declare('i32'),
      declare('i32'),
      declare('i32'),
      declare('i32'),
    ]
    const columns = four.map(() => declare('i32'))
    const t = vectors(declare)
    const rows = [i32.const(0), p.xRow.get, twoRows.get, threeRows.get] as const
    const at = (row: number, column: number) => load(i32.add(columns[column]!.get, rows[row]!))
    const difference = (a: number, b: number) => (j: number) => sub(at(a, j), at(b, j))
    const sum = (a: number, b: number) => (j: number) => add(at(a, j), at(b, j))
    const [t0, t1, t2, t3] = t.map(({ get }) => get) as [Code, Code, Code, Code]
    const save = (value: Code): Code => [...store(to.get, value), ...to.advance(p.matrix.get)]
    const tileRow = (f: (column: number) => Code): Code => [
      ...t.flatMap((local, j) => local.set(f(j))),
      ...[sub(t0, t2), add(t1, t2), sub(t2, t1), sub(t1, t3)].flatMap(save),
    ]
    return [
      pixel.set(bytes(p.channels)),
      twoRows.set(i32.add(p.xRow.get, p.xRow.get)),
      threeRows.set(i32.add(twoRows.get, p.xRow.get)),
      whileLoop(
        p.tiles.get,
        everyFour(
          p.channels,
          channel,
          to.set(i32.add(p.out.get, bytes(channel))),
          columns[0]!.set(i32.add(p.x.get, bytes(channel))),
          ...[1, 2, 3].map((j) => columns[j]!.set(i32.add(columns[j - 1]!.get, pixel.get))),
          ...[difference(0, 2), sum(1, 2), difference(2, 1), difference(1, 3)].map(tileRow),
        ),
        p.x.advance(i32.shiftLeft(pixel.get, i32.const(1))),
        p.out.advance(p.outRow.get),
        p.tiles.advance(i32.const(-1)),
      ),
    ]
  },
)

/** `Aᵀ m A` of a row of tiles: two rows of pixels from 16 matrices `[tiles, channels]`. */
export const winogradOutput = wasmFunction(
  'winogradOutput',
  ['m', 'mRow', 'matrix', 'out', 'outRow', 'tiles', 'channels'],
  (p, declare) => {
    const [channel, from, to] = [declare('i32'), declare('i32'), declare('i32')]
    const [first, second] = [vectors(declare), vectors(declare)]
    const value = declare('v128')
    const next = (...uses: Code[]): Code => [
      ...value.set(load(from.get)),
      ...from.advance(p.matrix.get),
      ...uses.flat(),
    ]
    const put = (t: Local) => t.set(value.get)
    const plus = (t: Local) => t.set(add(t.get, value.get))
    const minus = (t: Local) => t.set(sub(t.get, value.get))
    const pixels = (t: readonly Local[]): Code => {
      const [t0, t1, t2, t3] = t.map(({ get }) => get) as [Code, Code, Code, Code]
      return [
        ...store(to.get, add(add(t0, t1), t2)),
        ...store(i32.add(to.get, bytes(p.channels)), sub(sub(t1, t2), t3)),
        ...to.advance(p.outRow.get),
      ]
    }
    return [
      whileLoop(
        p.tiles.get,
        everyFour(
          p.channels,
          channel,
          from.set(i32.add(p.m.get, bytes(channel))),
          to.set(i32.add(p.out.get, bytes(channel))),
          ...four.map((j) => next(put(first[j]!))),
          ...four.map((j) => next(plus(first[j]!), put(second[j]!))),
          ...four.map((j) => next(plus(first[j]!), minus(second[j]!))),
          ...four.map((j) => next(minus(second[j]!))),
          pixels(first),
          pixels(second),
        ),
        p.m.advance(p.mRow.get),
        p.out.advance(i32.shiftLeft(p.channels.get, i32.const(3))),
        p.tiles.advance(i32.const(-1)),
      ),
    ]
  },
)

/** `A dy Aᵀ` of a row of tiles, 2×2 pixels each; parameters as those of `winogradInput`. */
export const winogradGradient = wasmFunction(
  'winogradGradient',
  ['dy', 'dyRow', 'out', 'outRow', 'matrix', 'tiles', 'channels'],
  (p, declare) => {
    const [channel, pixel, from, to] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
    const [d00, d01, d10, d11, left, right] = Array.from({ length: 6 }, () => declare('v128')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ]
    const save = (value: Code): Code => [...store(to.get, value), ...to.advance(p.matrix.get)]
    const tileRow = (f: (upper: Code, lower: Code) => Code): Code => [
      ...left.set(f(d00.get, d10.get)),
      ...right.set(f(d01.get, d11.get)),
      ...[left.get, add(left.get, right.get), sub(left.get, right.get), sub(f32x4.zero, right.get)].flatMap(save),
    ]
    const pixels = (first: Local, second: Local): Code => [
      ...first.set(load(from.get)),
      ...second.set(load(i32.add(from.get, pixel.get))),
      ...from.advance(p.dyRow.get),
    ]
    return [
      pixel.set(bytes(p.channels)),
      whileLoop(
        p.tiles.get,
        everyFour(
          p.channels,
          channel,
          from.set(i32.add(p.dy.get, bytes(channel))),
          to.set(i32.add(p.out.get, bytes(channel))),
          pixels(d00, d01),
          pixels(d10, d11),
          tileRow((upper) => upper),
          tileRow(add),
          tileRow(sub),
          tileRow((_, lower) => sub(f32x4.zero, lower)),
        ),
        p.dy.advance(i32.shiftLeft(pixel.get, i32.const(1))),
        p.out.advance(p.outRow.get),
        p.tiles.advance(i32.const(-1)),
      ),
    ]
  },
)
