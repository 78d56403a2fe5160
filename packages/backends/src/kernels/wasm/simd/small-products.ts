import { wasmFunction, when, whileLoop, type Declare, type Local, type WasmFunction } from './assembler.ts'
import { i32, type Code } from './instructions.ts'
import { INPUTS, tile, type Tile } from './filter-gradient.ts'
import { transposition } from './transpose-matrix.ts'

/** The narrowest b: the last columns of a product are computed four at a time, some of them twice. */
export const LEAST_COLUMNS = 4

const bytes = (index: Local) => i32.shiftLeft(index.get, i32.const(2))

/** Layout of a: m×k, or k×m, transposed. */
type Left = 'rows' | 'columns'

interface Product {
  readonly a: Local
  readonly b: Local
  readonly out: Local
  readonly m: Local
  readonly k: Local
  readonly n: Local
}

/** `out = a · b`, with b `[k, n]`; both are read where they are, without copies. */
function product(p: Product, left: Left, declare: Declare): Code {
  const [row, column] = [declare('i32'), declare('i32')]
  const [aRow, bRow, next] = [declare('i32'), declare('i32'), declare('i32')]
  const at: Tile = {
    x: i32.add(p.a.get, left === 'rows' ? i32.mul(row.get, aRow.get) : bytes(row)),
    dy: i32.add(p.b.get, bytes(column)),
    out: i32.add(i32.add(p.out.get, i32.mul(row.get, bRow.get)), bytes(column)),
    columns: p.k,
    xColumn: next,
    dyColumn: bRow,
    outRow: bRow,
    xInput: aRow,
  }
  const lie = left === 'rows' ? 'apart' : 'beside'
  const fits = (index: Local, step: number, end: Local) => i32.lessOrEqual(i32.add(index.get, i32.const(step)), end.get)
  const overColumns = (rows: number) => [
    column.set(i32.const(0)),
    whileLoop(fits(column, 8, p.n), tile(declare, rows, 2, 'written', lie)(at), column.advance(i32.const(8))),
    whileLoop(
      i32.lessThan(column.get, p.n.get),
      column.set(i32.min(column.get, i32.sub(p.n.get, i32.const(LEAST_COLUMNS)))),
      tile(declare, rows, 1, 'written', lie)(at),
      column.advance(i32.const(4)),
    ),
  ]
  return [
    aRow.set(bytes(p.k)),
    next.set(left === 'rows' ? i32.const(4) : bytes(p.m)),
    bRow.set(bytes(p.n)),
    row.set(i32.const(0)),
    ...INPUTS.map((rows) => whileLoop(fits(row, rows, p.m), ...overColumns(rows), row.advance(i32.const(rows)))),
  ].flat()
}

const PARAMETERS = ['a', 'b', 'out', 'right', 'count', 'aStep', 'bStep', 'turnB', 'm', 'k', 'n'] as const

/** Products of `count` pairs of matrices; steps from one matrix to the next in bytes. */
const products = <Name extends string>(name: Name, left: Left): WasmFunction<Name, typeof PARAMETERS> =>
  wasmFunction(name, PARAMETERS, (p, declare) => {
    const b = declare('i32')
    return [
      whileLoop(
        p.count.get,
        b.set(p.b.get),
        when(
          p.turnB.get,
          transposition(
            { x: p.b, out: p.right, rows: p.n, columns: p.k, xRow: bytes(p.k), outRow: bytes(p.n) },
            declare,
          ),
          b.set(p.right.get),
        ),
        product({ ...p, b }, left, declare),
        p.a.advance(p.aStep.get),
        p.b.advance(p.bStep.get),
        p.out.advance(i32.mul(p.m.get, bytes(p.n))),
        p.count.advance(i32.const(-1)),
      ),
    ]
  })

/**
 * `count` products `a · b` of matrices m×k and k×n, n ≥ 4, so small that a pair of them fits the first-level cache and
 * packing would cost more than it saves. Where b lies by columns (`turnB`), it is transposed into `right` first.
 */
export const smallProducts = products('smallProducts', 'rows')

/** The same, `aᵀ · b`, of matrices k×m and k×n. */
export const smallTransposedProducts = products('smallTransposedProducts', 'columns')
