import { wasmFunction, whileLoop, type Declare, type Local, type WasmFunction } from './assembler.ts'
import { i32, type Code } from './instructions.ts'
import { FOUR, ONE, type Lanes } from './lanes.ts'

/** Sixteen channels at a time, then four, then one. */
const TILES: readonly { readonly lanes: Lanes; readonly count: number }[] = [
  { lanes: FOUR, count: 4 },
  { lanes: FOUR, count: 1 },
  { lanes: ONE, count: 1 },
]

/** Rows that are passed over for one tile of channels before the next: so few that they stay in the first-level cache. */
const BLOCK_ROWS = 64

type Values<N extends string> = Readonly<Record<N, Code>>

interface ChannelKernel<Name extends string, M extends string, C extends string, S extends string> {
  readonly name: Name
  /** Inputs `[rows, channels]`, each with its own distance between rows. */
  readonly maps: readonly M[]
  /** Inputs `[channels]`. */
  readonly coefficients: readonly C[]
  /** What is written to `out`, `[rows, channels]`. */
  readonly map?: (lanes: Lanes, values: Values<M | C>) => Code
  /** What is summed over the rows and added to each of these `[channels]`. */
  readonly sums?: Readonly<Record<S, (lanes: Lanes, values: Values<M | C>) => Code>>
}

/**
 * A function over the rows of `[rows, channels]` tensors, each channel for itself. Its parameters, in this order:
 * pointers to the maps, their row distances in bytes, pointers to coefficients, to `out` (if it maps) with its row
 * distance, to the sums; then `rows` and `channels`.
 */
export function channelKernel<Name extends string, M extends string, C extends string, S extends string = never>(
  kernel: ChannelKernel<Name, M, C, S>,
): WasmFunction<Name> {
  const sums = Object.entries(kernel.sums ?? {}) as [S, (lanes: Lanes, values: Values<M | C>) => Code][]
  const writes = kernel.map === undefined ? [] : ['out', 'outRow']
  const parameters = [
    ...kernel.maps,
    ...kernel.maps.map((map) => `${map}Row`),
    ...kernel.coefficients,
    ...writes,
    ...sums.map(([name]) => name),
    'rows',
    'channels',
  ]
  return wasmFunction(kernel.name, parameters, (p, declare) => {
    const at = (name: string): Local => p[name]!
    const [first, last, row, channel, offset] = [
      declare('i32'),
      declare('i32'),
      declare('i32'),
      declare('i32'),
      declare('i32'),
    ]

    const tile = ({ lanes, count }: (typeof TILES)[number], declareLane: Declare): Code => {
      const type = lanes.width === 4 ? 'v128' : 'f32'
      const index = Array.from({ length: count }, (_, i) => i)
      const step = 4 * lanes.width
      const pointers = [...kernel.maps, ...writes.slice(0, 1)].map((name) => ({ name, pointer: declareLane('i32') }))
      const pointer = (name: string) => pointers.find((entry) => entry.name === name)!.pointer
      const held = kernel.coefficients.map((name) => ({ name, values: index.map(() => declareLane(type)) }))
      const loaded = kernel.maps.map((name) => ({ name, values: index.map(() => declareLane(type)) }))
      const totals = sums.map(([name, term]) => ({ name, term, values: index.map(() => declareLane(type)) }))
      const valuesAt = (i: number) =>
        Object.fromEntries([...held, ...loaded].map(({ name, values }) => [name, values[i]!.get])) as Values<M | C>
      const ofChannel = (name: string) => i32.add(at(name).get, offset.get)
      return [
        ...offset.set(i32.shiftLeft(channel.get, i32.const(2))),
        ...pointers.flatMap(({ name, pointer }) =>
          pointer.set(i32.add(ofChannel(name), i32.mul(first.get, at(`${name}Row`).get))),
        ),
        ...held.flatMap(({ name, values }) =>
          values.flatMap((value, i) => value.set(lanes.load(ofChannel(name), i * step))),
        ),
        // From zero for each block: the error of a sum of blocks grows far slower than that of one long sum.
        ...totals.flatMap(({ values }) => values.flatMap((value) => value.set(lanes.zero))),
        ...row.set(first.get),
        ...whileLoop(
          i32.lessThan(row.get, last.get),
          loaded.flatMap(({ name, values }) =>
            values.flatMap((value, i) => value.set(lanes.load(pointer(name).get, i * step))),
          ),
          totals.flatMap(({ term, values }) =>
            values.flatMap((value, i) => value.set(lanes.add(value.get, term(lanes, valuesAt(i))))),
          ),
          kernel.map === undefined
            ? []
            : index.flatMap((i) => lanes.store(pointer('out').get, kernel.map!(lanes, valuesAt(i)), i * step)),
          pointers.flatMap(({ name, pointer }) => pointer.advance(at(`${name}Row`).get)),
          row.advance(i32.const(1)),
        ),
        ...totals.flatMap(({ name, values }) =>
          values.flatMap((value, i) =>
            lanes.store(ofChannel(name), lanes.add(lanes.load(ofChannel(name), i * step), value.get), i * step),
          ),
        ),
      ]
    }

    return [
      first.set(i32.const(0)),
      whileLoop(
        i32.lessThan(first.get, at('rows').get),
        last.set(i32.min(i32.add(first.get, i32.const(BLOCK_ROWS)), at('rows').get)),
        channel.set(i32.const(0)),
        ...TILES.map((size) => {
          const width = i32.const(size.lanes.width * size.count)
          return whileLoop(
            i32.lessOrEqual(i32.add(channel.get, width), at('channels').get),
            tile(size, declare),
            channel.advance(width),
          )
        }),
        first.set(last.get),
      ),
    ]
  })
}
