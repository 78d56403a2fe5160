import { wasmFunction, whileLoop, type Declare, type Local, type WasmFunction } from './assembler.ts'
import { f32, f32x4, i32, type Code } from './instructions.ts'

/** Output channels too few for a vector of them. */
export type NarrowWidth = 3 | 2 | 1

export const isNarrow = (width: number): width is NarrowWidth => width < 4

/** Positions whose sums are taken together: the fastest of those measured. */
const POSITIONS: Readonly<Record<NarrowWidth, number>> = { 3: 2, 2: 4, 1: 6 }

/** A matrix of weights, strides in bytes, and where its columns are packed; `to` and `rows` are used up. */
type Packing = Readonly<Record<'from' | 'to' | 'rows' | 'rowStride' | 'columnStride', Local>>

/** Copies the columns so that four rows of each lie together. */
export function pack(declare: Declare, p: Packing, width: NarrowWidth): Code[] {
  const columns = Array.from({ length: width }, () => declare('i32'))
  return [
    ...columns.map((column, c) => column.set(c === 0 ? p.from.get : i32.add(columns[c - 1]!.get, p.columnStride.get))),
    whileLoop(
      p.rows.get,
      ...[0, 1, 2, 3].flatMap((lane) =>
        columns.flatMap((column, c) => [
          f32.store(p.to.get, f32.load(column.get), 16 * c + 4 * lane),
          column.advance(p.rowStride.get),
        ]),
      ),
      p.to.advance(i32.const(16 * width)),
      p.rows.advance(i32.const(-4)),
    ),
  ]
}

const PACK_PARAMETERS = ['from', 'to', 'rows', 'rowStride', 'columnStride'] as const

export const packDots = <W extends NarrowWidth>(width: W): WasmFunction<`packDots${W}`, typeof PACK_PARAMETERS> =>
  wasmFunction(`packDots${width}`, PACK_PARAMETERS, (p, declare) => pack(declare, p, width))

/** Parameters of the functions that compute a row of a convolution. */
export const ROW_PARAMETERS = [
  'x',
  'weights',
  'out',
  'positions',
  'xColumn',
  'outColumn',
  'windowRows',
  'windowRow',
  'run',
] as const

interface Row {
  readonly x: Local
  readonly weights: Local
  readonly out: Local
  readonly xColumn: Local
  readonly outColumn: Local
  readonly windowRows: Local
  readonly windowRow: Local
  readonly run: Local
}

/** The sum of the four numbers of a vector, in its first lane. */
const folded = (sum: Local): Code => [
  ...sum.set(f32x4.add(sum.get, f32x4.shuffle(sum.get, sum.get, [2, 3, 2, 3]))),
  ...sum.set(f32x4.add(sum.get, f32x4.shuffle(sum.get, sum.get, [1, 1, 1, 1]))),
]

/** The dot products of `count` neighboring windows with each channel's weights; then moves on by as many. */
function tile(declare: Declare, p: Row, count: number, width: NarrowWidth): Code {
  const index = Array.from({ length: count }, (_, i) => i)
  const channels = Array.from({ length: width }, (_, i) => i)
  const [weight, row, left, value] = [declare('i32'), declare('i32'), declare('i32'), declare('v128')]
  const inputs = index.map(() => declare('i32'))
  const weights = channels.map(() => declare('v128'))
  const sums = index.map(() => channels.map(() => declare('v128')))
  const step: Code = [
    ...weights.flatMap((w, c) => w.set(f32x4.load(weight.get, 16 * c))),
    ...inputs.flatMap((input, i) => [
      ...value.set(f32x4.load(input.get)),
      ...sums[i]!.flatMap((sum, c) => sum.set(f32x4.add(sum.get, f32x4.mul(value.get, weights[c]!.get)))),
    ]),
    ...inputs.flatMap((input) => input.advance(i32.const(16))),
    ...weight.advance(i32.const(16 * width)),
    ...left.advance(i32.const(-4)),
  ]
  const rowSkip = i32.sub(p.windowRow.get, i32.shiftLeft(p.run.get, i32.const(2)))
  return [
    ...sums.flat().flatMap((sum) => sum.set(f32x4.zero)),
    ...inputs.flatMap((input) => [...input.set(p.x.get), ...p.x.advance(p.xColumn.get)]),
    ...weight.set(p.weights.get),
    ...row.set(i32.const(0)),
    ...whileLoop(
      i32.lessThan(row.get, p.windowRows.get),
      left.set(p.run.get),
      whileLoop(left.get, step),
      inputs.flatMap((input) => input.advance(rowSkip)),
      row.advance(i32.const(1)),
    ),
    ...sums.flatMap((positionSums) => [
      ...positionSums.flatMap((sum, c) => [...folded(sum), ...f32x4.storeLane(p.out.get, sum.get, 0, 4 * c)]),
      ...p.out.advance(p.outColumn.get),
    ]),
  ]
}

/** All positions, as many at once as there are. */
export const dots = (declare: Declare, p: Row & { readonly positions: Local }, width: NarrowWidth): Code[] =>
  Array.from({ length: POSITIONS[width] }, (_, i) => POSITIONS[width] - i).map((count) =>
    whileLoop(
      i32.lessOrEqual(i32.const(count), p.positions.get),
      tile(declare, p, count, width),
      p.positions.advance(i32.const(-count)),
    ),
  )

/**
 * What `convolveRow` computes, for one to three output channels and windows whose rows are a multiple of four floats:
 * four terms of a sum at once, where there are too few channels to fill a vector.
 */
export const dotRow = <W extends NarrowWidth>(width: W): WasmFunction<`dotRow${W}`, typeof ROW_PARAMETERS> =>
  wasmFunction(`dotRow${width}`, ROW_PARAMETERS, (p, declare) => dots(declare, p, width))
