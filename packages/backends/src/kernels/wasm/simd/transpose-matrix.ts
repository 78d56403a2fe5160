import { wasmFunction, when, whileLoop, type Declare, type Local } from './assembler.ts'
import { f32, f32x4, i32, type Code } from './instructions.ts'
import { bytes, everyFour, vectors } from './every-four.ts'

/** Columns that are done for all rows before the next: their lines of the result stay in the second-level cache. */
const BLOCK_COLUMNS = 1024

/** Rows of a 4x4 matrix from its columns: two rounds of interleaving pairs. */
function transposed4(
  rows: readonly Local[],
  pairs: readonly Local[],
): { readonly prepare: Code; readonly columns: readonly Code[] } {
  const [a, b, c, d] = rows.map(({ get }) => get) as [Code, Code, Code, Code]
  const values = [
    f32x4.shuffle(a, b, [0, 4, 1, 5]),
    f32x4.shuffle(c, d, [0, 4, 1, 5]),
    f32x4.shuffle(a, b, [2, 6, 3, 7]),
    f32x4.shuffle(c, d, [2, 6, 3, 7]),
  ]
  const [low, lowOther, high, highOther] = pairs.map(({ get }) => get) as [Code, Code, Code, Code]
  return {
    prepare: pairs.flatMap((pair, i) => pair.set(values[i]!)),
    columns: [
      f32x4.shuffle(low, lowOther, [0, 1, 4, 5]),
      f32x4.shuffle(low, lowOther, [2, 3, 6, 7]),
      f32x4.shuffle(high, highOther, [0, 1, 4, 5]),
      f32x4.shuffle(high, highOther, [2, 3, 6, 7]),
    ],
  }
}

export interface Transposition {
  readonly x: Local
  readonly out: Local
  readonly rows: Local
  readonly columns: Local
  /** Bytes from one row of x to the next. */
  readonly xRow: Code
  /** Bytes from one row of the result, a column of x, to the next. */
  readonly outRow: Code
}

/** `out[c, r] = x[r, c]` for less than four rows or columns, one number at a time. */
function byNumbers(p: Transposition, declare: Declare): Code {
  const [row, left, from, to] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
  return [
    ...row.set(i32.const(0)),
    ...whileLoop(
      i32.lessThan(row.get, p.rows.get),
      from.set(i32.add(p.x.get, i32.mul(row.get, p.xRow))),
      to.set(i32.add(p.out.get, bytes(row))),
      left.set(p.columns.get),
      whileLoop(
        left.get,
        f32.store(to.get, f32.load(from.get)),
        from.advance(i32.const(4)),
        to.advance(p.outRow),
        left.advance(i32.const(-1)),
      ),
      row.advance(i32.const(1)),
    ),
  ]
}

/** `out[c, r] = x[r, c]` for at least four rows and columns; the last four may overlap those before. */
function byFours(p: Transposition, declare: Declare): Code {
  const [row, column, first, last] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
  const [from, to, missing] = [declare('i32'), declare('i32'), declare('i32')]
  const [values, pairs] = [vectors(declare), vectors(declare)]
  const address = (start: Local, major: Local, majorBytes: Code, minor: Local) =>
    i32.add(i32.add(start.get, i32.mul(major.get, majorBytes)), bytes(minor))
  const { prepare, columns } = transposed4(values, pairs)
  const nextColumns = i32.sub(i32.const(16), i32.shiftLeft(p.xRow, i32.const(2)))
  const fourByFour: Code = [
    ...values.flatMap((value) => [...value.set(f32x4.load(from.get)), ...from.advance(p.xRow)]),
    ...prepare,
    ...columns.flatMap((value) => [...f32x4.store(to.get, value), ...to.advance(p.outRow)]),
    ...from.advance(nextColumns),
    ...column.advance(i32.const(4)),
  ]
  return [
    ...first.set(i32.const(0)),
    ...whileLoop(
      i32.lessThan(first.get, p.columns.get),
      last.set(i32.min(i32.add(first.get, i32.const(BLOCK_COLUMNS)), p.columns.get)),
      everyFour(
        p.rows,
        row,
        column.set(first.get),
        from.set(address(p.x, row, p.xRow, column)),
        to.set(address(p.out, column, p.outRow, row)),
        whileLoop(i32.lessOrEqual(i32.add(column.get, i32.const(4)), last.get), fourByFour),
        when(
          i32.lessThan(column.get, last.get),
          missing.set(i32.sub(last.get, i32.add(column.get, i32.const(4)))),
          from.advance(bytes(missing)),
          to.advance(i32.mul(missing.get, p.outRow)),
          fourByFour,
        ),
      ),
      first.set(last.get),
    ),
  ]
}

/** `out[c, r] = x[r, c]` */
export function transposition(p: Transposition, declare: Declare): Code {
  const isWide = declare('i32')
  const atLeastFour = (count: Local) => i32.lessThan(i32.const(3), count.get)
  return [
    ...isWide.set(i32.and(atLeastFour(p.rows), atLeastFour(p.columns))),
    ...when(isWide.get, byFours(p, declare)),
    ...when(i32.equal(isWide.get, i32.const(0)), byNumbers(p, declare)),
  ]
}

/** Transposes `count` matrices; distances in bytes, steps from one matrix to the next. */
export const transposeMatrices = wasmFunction(
  'transposeMatrices',
  ['x', 'out', 'rows', 'columns', 'xRow', 'outRow', 'count', 'xStep', 'outStep'],
  (p, declare) => [
    whileLoop(
      p.count.get,
      transposition({ ...p, xRow: p.xRow.get, outRow: p.outRow.get }, declare),
      p.x.advance(p.xStep.get),
      p.out.advance(p.outStep.get),
      p.count.advance(i32.const(-1)),
    ),
  ],
)
