import { i32, wasmFunction, when, whileLoop, type Code, type Declare, type Local } from './assembler.ts'
import { INPUTS, tile, type Tile } from './filter-gradient.ts'
import { transposition } from './transpose-matrix.ts'

/** The narrowest b: the last columns of a product are computed four at a time, some of them twice. */
export const LEAST_COLUMNS = 4

const bytes = (index: Local) => i32.shiftLeft(index.get, i32.const(2))

interface Product {
  readonly a: Local
  readonly b: Local
  readonly out: Local
  readonly m: Local
  readonly k: Local
  readonly n: Local
}

/** `out = aᵀ · b` of matrices `[k, m]` and `[k, n]`, both read as they lie. */
function transposedProduct(p: Product, declare: Declare): Code {
  const [row, column, one, none] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
  const [aRow, bRow] = [declare('i32'), declare('i32')]
  const at: Tile = {
    x: i32.add(p.a.get, bytes(row)),
    dy: i32.add(p.b.get, bytes(column)),
    out: i32.add(i32.add(p.out.get, i32.mul(row.get, bRow.get)), bytes(column)),
    rows: one,
    columns: p.k,
    xColumn: aRow,
    xRowSkip: none,
    dyColumn: bRow,
    dyRowSkip: none,
    outRow: bRow,
  }
  const fits = (index: Local, step: number, end: Local) => i32.lessOrEqual(i32.add(index.get, i32.const(step)), end.get)
  const overColumns = (rows: number) => [
    column.set(i32.const(0)),
    whileLoop(fits(column, 8, p.n), tile(declare, rows, 2, 'written')(at), column.advance(i32.const(8))),
    whileLoop(
      i32.lessThan(column.get, p.n.get),
      column.set(i32.min(column.get, i32.sub(p.n.get, i32.const(LEAST_COLUMNS)))),
      tile(declare, rows, 1, 'written')(at),
      column.advance(i32.const(4)),
    ),
  ]
  return [
    one.set(i32.const(1)),
    none.set(i32.const(0)),
    aRow.set(bytes(p.m)),
    bRow.set(bytes(p.n)),
    row.set(i32.const(0)),
    ...INPUTS.map((rows) => whileLoop(fits(row, rows, p.m), ...overColumns(rows), row.advance(i32.const(rows)))),
  ].flat()
}

/**
 * `count` products of matrices m×k and k×n, n ≥ 4, so small that a pair of them fits the first-level cache and packing
 * would cost more than it saves. Sums of outer products read a by columns: where it lies by rows (`turnA`), or b by
 * columns (`turnB`), it is transposed into `left` or `right` first. Steps from one matrix to the next in bytes.
 */
export const smallProducts = wasmFunction(
  'smallProducts',
  ['a', 'b', 'out', 'left', 'right', 'count', 'aStep', 'bStep', 'turnA', 'turnB', 'm', 'k', 'n'],
  (p, declare) => {
    const [a, b] = [declare('i32'), declare('i32')]
    return [
      whileLoop(
        p.count.get,
        a.set(p.a.get),
        b.set(p.b.get),
        when(p.turnA.get, transposition({ x: p.a, out: p.left, rows: p.m, columns: p.k }, declare), a.set(p.left.get)),
        when(
          p.turnB.get,
          transposition({ x: p.b, out: p.right, rows: p.n, columns: p.k }, declare),
          b.set(p.right.get),
        ),
        transposedProduct({ a, b, out: p.out, m: p.m, k: p.k, n: p.n }, declare),
        p.a.advance(p.aStep.get),
        p.b.advance(p.bStep.get),
        p.out.advance(i32.shiftLeft(i32.mul(p.m.get, p.n.get), i32.const(2))),
        p.count.advance(i32.const(-1)),
      ),
    ]
  },
)
