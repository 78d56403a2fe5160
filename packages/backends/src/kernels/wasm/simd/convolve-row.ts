import { wasmFunction, whileLoop, type Declare, type Local, type WasmFunction } from './assembler.ts'
import { ROW_PARAMETERS } from './dot-row.ts'
import { f32, f32x4, i32, type Code } from './instructions.ts'

/** Output channels that are computed together; the weights of a panel are adjacent in memory too. */
export const PANEL = 8
export type PanelWidth = 8 | 4 | 3 | 2 | 1

/** Positions whose sums stay in registers together: eight vectors of sums, two of weights, one input. */
const POSITIONS = 4

const vectorsOf = (width: PanelWidth) => Math.ceil(width / 4)

/** Widths of the panels that make up a number of output channels. */
export function panelWidths(channels: number): PanelWidth[] {
  const whole = Array<PanelWidth>(Math.floor(channels / PANEL)).fill(PANEL)
  const rest = channels % PANEL
  const fours: PanelWidth[] = rest >= 4 ? [4] : []
  return [...whole, ...fours, ...(rest % 4 === 0 ? [] : [(rest % 4) as PanelWidth])]
}

/** Floats that each row of weights takes in a panel: filled up to whole vectors. */
export const packedWidth = (width: PanelWidth): number => 4 * vectorsOf(width)

/** Copies `width` columns of a matrix of weights to one panel of `packed` floats per row; strides in bytes. */
export const packPanel = wasmFunction(
  'packPanel',
  ['from', 'to', 'rows', 'rowStride', 'columnStride', 'width', 'packed'],
  (p, declare) => {
    const [row, column] = [declare('i32'), declare('i32')]
    const bytes = (count: Code) => i32.shiftLeft(count, i32.const(2))
    const source = i32.add(p.from.get, i32.mul(column.get, p.columnStride.get))
    const target = i32.add(p.to.get, bytes(column.get))
    const isContiguous = i32.equal(p.columnStride.get, i32.const(4))
    const nextRow = (toBytes: Code) => [
      p.from.advance(p.rowStride.get),
      p.to.advance(toBytes),
      row.advance(i32.const(1)),
    ]
    const hasRow = i32.lessThan(row.get, p.rows.get)
    return [
      row.set(i32.const(0)),
      whileLoop(
        i32.and(hasRow, i32.and(isContiguous, i32.equal(p.width.get, i32.const(PANEL)))),
        f32x4.store(p.to.get, f32x4.load(p.from.get)),
        f32x4.store(p.to.get, f32x4.load(p.from.get, 16), 16),
        ...nextRow(i32.const(4 * PANEL)),
      ),
      whileLoop(
        hasRow,
        column.set(i32.const(0)),
        whileLoop(
          i32.lessThan(column.get, p.width.get),
          f32.store(target, f32.load(source)),
          column.advance(i32.const(1)),
        ),
        whileLoop(i32.lessThan(column.get, p.packed.get), f32.store(target, f32.zero), column.advance(i32.const(1))),
        ...nextRow(bytes(p.packed.get)),
      ),
    ]
  },
)

interface Row {
  /** Window rows, bytes between them, and floats that each covers in one piece: kernel width times channels. */
  readonly windowRows: Local
  readonly windowRow: Local
  readonly run: Local
  readonly x: Local
  readonly xColumn: Local
  readonly weights: Local
  readonly out: Local
  readonly outColumn: Local
}

/** The sums of a panel at `count` neighboring positions; then moves on by as many. */
function tile(declare: Declare, p: Row, count: number, width: PanelWidth): Code {
  const vectors = vectorsOf(width)
  const index = Array.from({ length: count }, (_, i) => i)
  const [weight, row, left] = [declare('i32'), declare('i32'), declare('i32')]
  const inputs = index.map(() => declare('i32'))
  const weights = Array.from({ length: vectors }, () => declare('v128'))
  const value = declare('v128')
  const sums = index.map(() => weights.map(() => declare('v128')))

  // Not unrolled: measured, the engine then runs out of registers and is a third slower.
  const step: Code = [
    ...weights.flatMap((w, v) => w.set(f32x4.load(weight.get, 16 * v))),
    ...inputs.flatMap((input, i) => [
      ...value.set(f32x4.loadSplat(input.get)),
      ...sums[i]!.flatMap((sum, v) => sum.set(f32x4.add(sum.get, f32x4.mul(value.get, weights[v]!.get)))),
    ]),
    ...inputs.flatMap((input) => input.advance(i32.const(4))),
    ...weight.advance(i32.const(16 * vectors)),
    ...left.advance(i32.const(-1)),
  ]
  const save = (sum: Local, v: number): Code => {
    const lanes = Math.min(4, width - 4 * v)
    if (lanes === 4) return f32x4.store(p.out.get, sum.get, 16 * v)
    return Array.from({ length: lanes }, (_, lane) =>
      f32x4.storeLane(p.out.get, sum.get, lane, 16 * v + 4 * lane),
    ).flat()
  }
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
    ...sums.flatMap((positionSums) => [...positionSums.flatMap(save), ...p.out.advance(p.outColumn.get)]),
  ]
}

/**
 * One row of a convolution's output, for one panel of output channels: at each position the sum over the window, whose
 * rows are contiguous because channels are the last axis. A product of matrices is the case of windows with one row.
 */
export const convolveRow = <W extends PanelWidth>(width: W): WasmFunction<`convolveRow${W}`, typeof ROW_PARAMETERS> =>
  wasmFunction(`convolveRow${width}`, ROW_PARAMETERS, (p, declare) =>
    Array.from({ length: POSITIONS }, (_, i) => POSITIONS - i).map((count) =>
      whileLoop(
        i32.lessOrEqual(i32.const(count), p.positions.get),
        tile(declare, p, count, width),
        p.positions.advance(i32.const(-count)),
      ),
    ),
  )
