import { wasmFunction, whileLoop, type Declare, type Local, type WasmFunction } from './assembler.ts'
import { f32, f32x4, i32, type Code } from './instructions.ts'

/** Output channels too few for a vector of them. */
export type NarrowWidth = 3 | 2 | 1

export const isNarrow = (width: number): width is NarrowWidth => width < 4

/** Positions whose sums are taken together: the fastest of those measured. */
export const POSITIONS: Readonly<Record<NarrowWidth, number>> = { 3: 2, 2: 4, 1: 6 }

/** Copies `width` columns of a matrix of weights so that four rows of each column lie together; strides in bytes. */
export const packDots = wasmFunction(
  'packDots',
  ['from', 'to', 'rows', 'rowStride', 'columnStride', 'width'],
  (p, declare) => {
    const [row, column, lane, source] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
    return [
      row.set(i32.const(0)),
      whileLoop(
        i32.lessThan(row.get, p.rows.get),
        column.set(i32.const(0)),
        whileLoop(
          i32.lessThan(column.get, p.width.get),
          source.set(i32.add(p.from.get, i32.mul(column.get, p.columnStride.get))),
          lane.set(i32.const(4)),
          whileLoop(
            lane.get,
            f32.store(p.to.get, f32.load(source.get)),
            source.advance(p.rowStride.get),
            p.to.advance(i32.const(4)),
            lane.advance(i32.const(-1)),
          ),
          column.advance(i32.const(1)),
        ),
        p.from.advance(i32.shiftLeft(p.rowStride.get, i32.const(2))),
        row.advance(i32.const(4)),
      ),
    ]
  },
)

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

/** The dot products of `count` neighbouring windows with each channel's weights; then moves on by as many. */
export function tile(declare: Declare, p: Row, count: number, width: NarrowWidth): Code {
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

/**
 * What `convolveRow` computes, for one to three output channels and windows whose rows are a multiple of four floats:
 * four terms of a sum at once, where there are too few channels to fill a vector.
 */
export const dotRow = <W extends NarrowWidth>(width: W): WasmFunction<`dotRow${W}`> =>
  wasmFunction(
    `dotRow${width}`,
    ['x', 'weights', 'out', 'positions', 'xColumn', 'outColumn', 'windowRows', 'windowRow', 'run'],
    (p, declare) =>
      Array.from({ length: POSITIONS[width] }, (_, i) => POSITIONS[width] - i).map((count) =>
        whileLoop(
          i32.lessOrEqual(i32.const(count), p.positions.get),
          tile(declare, p, count, width),
          p.positions.advance(i32.const(-count)),
        ),
      ),
  )
