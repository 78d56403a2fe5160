import { wasmFunction, whileLoop, type WasmFunction } from './assembler.ts'
import { dots, pack, type NarrowWidth } from './dot-row.ts'
import { i32 } from './instructions.ts'

const PARAMETERS = ['a', 'b', 'out', 'right', 'count', 'aStep', 'bStep', 'bRow', 'bColumn', 'm', 'k'] as const

/**
 * `count` products `a · b` of matrices m×k and k×width, k a multiple of four. Each b is copied to `right` first, so that
 * four rows of each column lie together; `bRow` and `bColumn` are the bytes from one to the next in b.
 */
export const dotProducts = <W extends NarrowWidth>(width: W): WasmFunction<`dotProducts${W}`, typeof PARAMETERS> =>
  wasmFunction(`dotProducts${width}`, PARAMETERS, (p, declare) => {
    const [rows, to, positions, x] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
    const [aRow, outRow, one] = [declare('i32'), declare('i32'), declare('i32')]
    const weights = { from: p.b, to, rows, rowStride: p.bRow, columnStride: p.bColumn }
    const window = { windowRows: one, windowRow: aRow, run: p.k }
    const row = { x, weights: p.right, out: p.out, positions, xColumn: aRow, outColumn: outRow, ...window }
    return [
      aRow.set(i32.shiftLeft(p.k.get, i32.const(2))),
      outRow.set(i32.const(4 * width)),
      one.set(i32.const(1)),
      whileLoop(
        p.count.get,
        to.set(p.right.get),
        rows.set(p.k.get),
        ...pack(declare, weights, width),
        x.set(p.a.get),
        positions.set(p.m.get),
        ...dots(declare, row, width),
        p.a.advance(p.aStep.get),
        p.b.advance(p.bStep.get),
        p.count.advance(i32.const(-1)),
      ),
    ]
  })
