import { wasmFunction, whileLoop, type WasmFunction } from './assembler.ts'
import { POSITIONS, tile, type NarrowWidth } from './dot-row.ts'
import { f32, i32 } from './instructions.ts'

/**
 * `count` products `a · b` of matrices m×k and k×width, k a multiple of four. Each b is copied to `right` first, so that
 * four rows of each column lie together; `bRow` and `bColumn` are the bytes from one to the next in b.
 */
export const dotProducts = <W extends NarrowWidth>(width: W): WasmFunction<`dotProducts${W}`> =>
  wasmFunction(
    `dotProducts${width}`,
    ['a', 'b', 'out', 'right', 'count', 'aStep', 'bStep', 'bRow', 'bColumn', 'm', 'k'],
    (p, declare) => {
      const columns = Array.from({ length: width }, () => declare('i32'))
      const [left, to, rows, x] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
      const [aRow, outRow, one] = [declare('i32'), declare('i32'), declare('i32')]
      const pack = [
        ...columns.map((column, c) => column.set(c === 0 ? p.b.get : i32.add(columns[c - 1]!.get, p.bColumn.get))),
        to.set(p.right.get),
        left.set(p.k.get),
        whileLoop(
          left.get,
          ...[0, 1, 2, 3].flatMap((lane) =>
            columns.flatMap((column, c) => [
              f32.store(to.get, f32.load(column.get), 16 * c + 4 * lane),
              column.advance(p.bRow.get),
            ]),
          ),
          to.advance(i32.const(16 * width)),
          left.advance(i32.const(-4)),
        ),
      ]
      const window = { windowRows: one, windowRow: aRow, run: p.k }
      const row = { x, weights: p.right, out: p.out, xColumn: aRow, outColumn: outRow, ...window }
      const multiply = [
        x.set(p.a.get),
        rows.set(p.m.get),
        ...Array.from({ length: POSITIONS[width] }, (_, i) => POSITIONS[width] - i).map((positions) =>
          whileLoop(
            i32.lessOrEqual(i32.const(positions), rows.get),
            tile(declare, row, positions, width),
            rows.advance(i32.const(-positions)),
          ),
        ),
      ]
      return [
        aRow.set(i32.shiftLeft(p.k.get, i32.const(2))),
        outRow.set(i32.const(4 * width)),
        one.set(i32.const(1)),
        whileLoop(
          p.count.get,
          ...pack,
          ...multiply,
          p.a.advance(p.aStep.get),
          p.b.advance(p.bStep.get),
          p.count.advance(i32.const(-1)),
        ),
      ]
    },
  )
