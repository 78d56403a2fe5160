import { wasmFunction, whileLoop, type Declare, type Local, type WasmFunction } from './assembler.ts'
import { i32, type Code } from './instructions.ts'
import { FOUR, ONE, type Lanes } from './lanes.ts'

interface Tile {
  readonly lanes: Lanes
  readonly count: number
}

/** Sixteen channels at a time, then four, then one. */
const TILES: readonly Tile[] = [
  { lanes: FOUR, count: 4 },
  { lanes: FOUR, count: 1 },
  { lanes: ONE, count: 1 },
]

/** Rows that are passed over for one tile of channels before the next: so few that they stay in the first-level cache. */
const BLOCK_ROWS = 64

type Names = readonly string[]
type Term<N extends string> = (lanes: Lanes, values: Readonly<Record<N, Code>>) => Code

interface Inputs<Name extends string, M extends Names, C extends Names> {
  readonly name: Name
  /** Inputs `[rows, channels]`, each with its own distance between rows. */
  readonly maps: M
  /** Inputs `[channels]`. */
  readonly coefficients: C
}

/** What is computed from the values at one row and tile of channels. */
interface Work {
  readonly maps: Names
  readonly coefficients: Names
  /** What is written to `out`, `[rows, channels]`. */
  readonly map?: Term<string>
  /** What is summed over the rows and added to each of these `[channels]`. */
  readonly sums: readonly (readonly [name: string, term: Term<string>])[]
}

/** Counters of the loops: a block of rows `[first, last)`, a row of it, a channel and its offset in bytes. */
type Counters = Readonly<Record<'first' | 'last' | 'row' | 'channel' | 'offset', Local>>
type Parameters = Readonly<Record<string, Local>> & Readonly<Record<'rows' | 'channels', Local>>

/** The rows of a block for one tile of channels. */
function overRows(work: Work, p: Parameters, counters: Counters, { lanes, count }: Tile, declare: Declare): Code {
  const { first, last, row, channel, offset } = counters
  const registers = () => Array.from({ length: count }, () => declare(lanes.width === 4 ? 'v128' : 'f32'))
  const pointers = [...work.maps, ...(work.map ? ['out'] : [])].map((name) => [name, declare('i32')] as const)
  const held = work.coefficients.map((name) => [name, registers()] as const)
  const loaded = work.maps.map((name) => [name, registers()] as const)
  const totals = work.sums.map(([name, term]) => ({ name, term, values: registers() }))
  const pointerOf = Object.fromEntries(pointers)
  const ofChannel = (name: string) => i32.add(p[name]!.get, offset.get)
  const at = (i: number) => 4 * lanes.width * i
  const load = (values: readonly Local[], address: Code) =>
    values.flatMap((value, i) => value.set(lanes.load(address, at(i))))
  const valuesAt = (i: number) =>
    Object.fromEntries([...held, ...loaded].map(([name, values]) => [name, values[i]!.get]))
  const written = work.map && Array.from({ length: count }, (_, i) => [at(i), work.map!(lanes, valuesAt(i))] as const)
  return [
    ...offset.set(i32.shiftLeft(channel.get, i32.const(2))),
    ...pointers.flatMap(([name, pointer]) =>
      pointer.set(i32.add(ofChannel(name), i32.mul(first.get, p[`${name}Row`]!.get))),
    ),
    ...held.flatMap(([name, values]) => load(values, ofChannel(name))),
    // From zero for each block: the error of a sum of blocks grows far slower than that of one long sum.
    ...totals.flatMap(({ values }) => values.flatMap((value) => value.set(lanes.zero))),
    ...row.set(first.get),
    ...whileLoop(
      i32.lessThan(row.get, last.get),
      loaded.flatMap(([name, values]) => load(values, pointerOf[name]!.get)),
      totals.flatMap(({ term, values }) =>
        values.flatMap((value, i) => value.set(lanes.add(value.get, term(lanes, valuesAt(i))))),
      ),
      written?.flatMap(([to, value]) => lanes.store(pointerOf['out']!.get, value, to)) ?? [],
      pointers.flatMap(([name, pointer]) => pointer.advance(p[`${name}Row`]!.get)),
      row.advance(i32.const(1)),
    ),
    ...totals.flatMap(({ name, values }) =>
      values.flatMap((value, i) =>
        lanes.store(ofChannel(name), lanes.add(lanes.load(ofChannel(name), at(i)), value.get), at(i)),
      ),
    ),
  ]
}

/** All rows in blocks, and in each block all channels in tiles. */
function overAll(work: Work, p: Parameters, declare: Declare): Code[] {
  const [first, last, row] = [declare('i32'), declare('i32'), declare('i32')]
  const [channel, offset] = [declare('i32'), declare('i32')]
  return [
    first.set(i32.const(0)),
    whileLoop(
      i32.lessThan(first.get, p.rows.get),
      last.set(i32.min(i32.add(first.get, i32.const(BLOCK_ROWS)), p.rows.get)),
      channel.set(i32.const(0)),
      ...TILES.map((tile) => {
        const width = i32.const(tile.lanes.width * tile.count)
        return whileLoop(
          i32.lessOrEqual(i32.add(channel.get, width), p.channels.get),
          overRows(work, p, { first, last, row, channel, offset }, tile, declare),
          channel.advance(width),
        )
      }),
      first.set(last.get),
    ),
  ]
}

type RowsOf<M extends Names> = { readonly [I in keyof M]: `${M[I]}Row` }

const rowsOf = <M extends Names>(maps: M) => maps.map((map) => `${map}Row`) as unknown as RowsOf<M>

/**
 * A function over the rows of `[rows, channels]` tensors, each channel for itself, with a row as its result. Its
 * parameters: pointers to the maps, their row distances in bytes, pointers to the coefficients, `out` and its row
 * distance; then `rows` and `channels`.
 */
export function channelMap<Name extends string, const M extends Names, const C extends Names>({
  name,
  maps,
  coefficients,
  map,
}: Inputs<Name, M, C> & { readonly map: Term<M[number] | C[number]> }): WasmFunction<
  Name,
  readonly [...M, ...RowsOf<M>, ...C, 'out', 'outRow', 'rows', 'channels']
> {
  const parameters = [...maps, ...rowsOf(maps), ...coefficients, 'out', 'outRow', 'rows', 'channels'] as const
  return wasmFunction(name, parameters, (p, declare) =>
    overAll({ maps, coefficients, map, sums: [] }, p as Parameters, declare),
  )
}

/**
 * The same with sums over the rows as its result: their pointers follow those of the coefficients.
 *
 * @param inputs.sums names of the sums
 * @param inputs.terms what is summed, by the name of the sum
 */
export function channelSums<Name extends string, const M extends Names, const C extends Names, const S extends Names>({
  name,
  maps,
  coefficients,
  sums,
  terms,
}: Inputs<Name, M, C> & {
  readonly sums: S
  readonly terms: Readonly<Record<S[number], Term<M[number] | C[number]>>>
}): WasmFunction<Name, readonly [...M, ...RowsOf<M>, ...C, ...S, 'rows', 'channels']> {
  const parameters = [...maps, ...rowsOf(maps), ...coefficients, ...sums, 'rows', 'channels'] as const
  const named = sums.map((sum: S[number]) => [sum, terms[sum]] as const)
  return wasmFunction(name, parameters, (p, declare) =>
    overAll({ maps, coefficients, sums: named }, p as Parameters, declare),
  )
}
