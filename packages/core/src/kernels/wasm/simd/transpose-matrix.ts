import { f32, f32x4, i32, wasmFunction, whileLoop, type Code, type Declare, type Local } from './assembler.ts'

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
}

/** `out[c, r] = x[r, c]` */
export function transposition(p: Transposition, declare: Declare): Code {
  const [row, column, first, last, from, to] = [
    declare('i32'),
    declare('i32'),
    declare('i32'),
    declare('i32'),
    declare('i32'),
    declare('i32'),
  ]
  const four = [0, 1, 2, 3]
  const [values, pairs] = [four.map(() => declare('v128')), four.map(() => declare('v128'))]
  const bytes = (count: Code) => i32.shiftLeft(count, i32.const(2))
  const address = (start: Code, major: Code, width: Code, minor: Code) =>
    i32.add(start, bytes(i32.add(i32.mul(major, width), minor)))
  const source = (r: Code, c: Code) => address(p.x.get, r, p.columns.get, c)
  const target = (c: Code, r: Code) => address(p.out.get, c, p.rows.get, r)
  const { prepare, columns } = transposed4(values, pairs)
  const fits = (index: Local, step: number, end: Local) => i32.lessOrEqual(i32.add(index.get, i32.const(step)), end.get)

  const fourByFour: Code = [
    ...from.set(source(row.get, column.get)),
    ...to.set(target(column.get, row.get)),
    ...values.flatMap((value) => [...value.set(f32x4.load(from.get)), ...from.advance(bytes(p.columns.get))]),
    ...prepare,
    ...columns.flatMap((value) => [...f32x4.store(to.get, value), ...to.advance(bytes(p.rows.get))]),
    ...column.advance(i32.const(4)),
  ]
  const copyOne = (r: Code): Code => f32.store(target(column.get, r), f32.load(source(r, column.get)))
  const nextColumn = column.advance(i32.const(1))
  return [
    ...first.set(i32.const(0)),
    ...whileLoop(
      i32.lessThan(first.get, p.columns.get),
      last.set(i32.min(i32.add(first.get, i32.const(BLOCK_COLUMNS)), p.columns.get)),
      row.set(i32.const(0)),
      whileLoop(
        fits(row, 4, p.rows),
        column.set(first.get),
        whileLoop(fits(column, 4, last), fourByFour),
        whileLoop(
          i32.lessThan(column.get, last.get),
          ...four.map((i) => copyOne(i32.add(row.get, i32.const(i)))),
          nextColumn,
        ),
        row.advance(i32.const(4)),
      ),
      whileLoop(
        i32.lessThan(row.get, p.rows.get),
        column.set(first.get),
        whileLoop(i32.lessThan(column.get, last.get), copyOne(row.get), nextColumn),
        row.advance(i32.const(1)),
      ),
      first.set(last.get),
    ),
  ]
}

export const transposeMatrix = wasmFunction('transposeMatrix', ['x', 'out', 'rows', 'columns'], (p, declare) => [
  transposition(p, declare),
])
