import { wasmFunction, whileLoop, type Declare, type Local } from './assembler.ts'
import { f32x4, i32, type Code } from './instructions.ts'

const FLOAT = 4

export interface Tile {
  /** Pointers to the first position of the block, at this tile's channels. */
  readonly x: Code
  readonly dy: Code
  readonly out: Code
  readonly columns: Local
  readonly xColumn: Local
  readonly dyColumn: Local
  readonly outRow: Local
  /** Bytes from one input to the next where there are gaps between them. */
  readonly xInput?: Local
  /** Rows of positions, if there are several. */
  readonly block?: { readonly rows: Local; readonly xRowSkip: Local; readonly dyRowSkip: Local }
}

/** Layout of the inputs of a tile: adjacent, or `xInput` bytes apart. */
type Inputs = 'beside' | 'apart'

/** What becomes of the sums: they are added to what `out` holds, or written over it. */
type Result = 'added' | 'written'

/** Channels of x whose sums stay in registers together, with eight of dy; fewer for the rest. */
export const INPUTS = [4, 3, 2, 1]

/**
 * `out[c, k] (+)= Σ x[p, c] · dy[p, k]` over the positions `p` of a block, for `inputs` channels c and `4 · vectors`
 * channels k, with all sums in registers.
 */
export function tile(
  declare: Declare,
  inputs: number,
  vectors: number,
  result: Result,
  lie: Inputs = 'beside',
): (t: Tile) => Code {
  const [dy, out, row, column] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
  const xs = Array.from({ length: lie === 'apart' ? inputs : 1 }, () => declare('i32'))
  const gradient = Array.from({ length: vectors }, () => declare('v128'))
  const value = declare('v128')
  const sums = Array.from({ length: inputs }, () => gradient.map(() => declare('v128')))
  const total = (sum: Local, v: number): Code =>
    result === 'added' ? f32x4.add(f32x4.load(out.get, v * 16), sum.get) : sum.get
  const saveSums = (t: Tile): Code => [
    ...out.set(t.out),
    ...sums.flatMap((rowSums, c) => [
      ...rowSums.flatMap((sum, v) => f32x4.store(out.get, total(sum, v), v * 16)),
      ...(c + 1 < inputs ? out.advance(t.outRow.get) : []),
    ]),
  ]
  const accumulate = sums.flatMap((rowSums, c) => [
    ...value.set(lie === 'apart' ? f32x4.loadSplat(xs[c]!.get) : f32x4.loadSplat(xs[0]!.get, c * FLOAT)),
    ...rowSums.flatMap((sum, v) => sum.set(f32x4.add(sum.get, f32x4.mul(value.get, gradient[v]!.get)))),
  ])
  const overColumns = (t: Tile): Code => [
    ...column.set(t.columns.get),
    ...whileLoop(
      column.get,
      gradient.flatMap((g, v) => g.set(f32x4.load(dy.get, v * 16))),
      accumulate,
      ...xs.map((x) => x.advance(t.xColumn.get)),
      dy.advance(t.dyColumn.get),
      column.advance(i32.const(-1)),
    ),
  ]
  const overRows = (t: Tile, { rows, xRowSkip, dyRowSkip }: NonNullable<Tile['block']>): Code => [
    ...row.set(i32.const(0)),
    ...whileLoop(
      i32.lessThan(row.get, rows.get),
      overColumns(t),
      ...xs.map((x) => x.advance(xRowSkip.get)),
      dy.advance(dyRowSkip.get),
      row.advance(i32.const(1)),
    ),
  ]
  return (t) => [
    // From zero for each block: the error of a sum of blocks grows far slower than that of one long sum.
    ...sums.flat().flatMap((sum) => sum.set(f32x4.zero)),
    ...xs.flatMap((x, c) => x.set(c === 0 ? t.x : i32.add(xs[c - 1]!.get, t.xInput!.get))),
    ...dy.set(t.dy),
    ...(t.block === undefined ? overColumns(t) : overRows(t, t.block)),
    ...saveSums(t),
  ]
}

/**
 * One tap of a convolution's filter gradient over one block of positions: `out += xᵀ · dy`.
 *
 * Pointers and strides in bytes; `channels` floats at each position of x, `filters` (a multiple of 4) at each of dy.
 */
export const filterGradientTap = wasmFunction(
  'filterGradientTap',
  [
    'x',
    'dy',
    'out',
    'rows',
    'columns',
    'xColumn',
    'xRowSkip',
    'dyColumn',
    'dyRowSkip',
    'channels',
    'filters',
    'outRow',
  ],
  (p, declare) => {
    const [c, k] = [declare('i32'), declare('i32')]
    const bytes = (index: Local) => i32.shiftLeft(index.get, i32.const(2))
    const strides = {
      columns: p.columns,
      xColumn: p.xColumn,
      dyColumn: p.dyColumn,
      outRow: p.outRow,
      block: p,
    }
    const at = (): Tile => ({
      ...strides,
      x: i32.add(p.x.get, bytes(c)),
      dy: i32.add(p.dy.get, bytes(k)),
      out: i32.add(i32.add(p.out.get, i32.mul(c.get, p.outRow.get)), bytes(k)),
    })
    const fits = (index: Local, step: number, end: Local) =>
      i32.lessOrEqual(i32.add(index.get, i32.const(step)), end.get)
    const overFilters = (inputs: number): Code[] => [
      k.set(i32.const(0)),
      ...[2, 1].map((vectors) =>
        whileLoop(
          fits(k, 4 * vectors, p.filters),
          tile(declare, inputs, vectors, 'added')(at()),
          k.advance(i32.const(4 * vectors)),
        ),
      ),
    ]
    return [
      c.set(i32.const(0)),
      ...INPUTS.map((inputs) =>
        whileLoop(fits(c, inputs, p.channels), ...overFilters(inputs), c.advance(i32.const(inputs))),
      ),
    ]
  },
)
