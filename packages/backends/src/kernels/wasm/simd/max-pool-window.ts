import { wasmFunction, whileLoop, type Declare, type Local } from './assembler.ts'
import { f32, f32x4, i32, type Code } from './instructions.ts'

interface Lanes {
  readonly type: 'v128' | 'f32'
  readonly width: 1 | 4
  readonly ops: {
    load(address: Code): Code
    store(address: Code, value: Code): Code
    add(a: Code, b: Code): Code
  }
  /** A value in every lane. */
  spread(value: Code): Code
  /** `a` where `x > y`, else `b`. */
  whereGreater(x: Code, y: Code, a: Code, b: Code): Code
  /** `value` where `x = y`, else 0. */
  whereEqual(x: Code, y: Code, value: Code): Code
}

const LANES: readonly Lanes[] = [
  {
    type: 'v128',
    width: 4,
    ops: f32x4,
    spread: f32x4.splat,
    whereGreater: (x, y, a, b) => f32x4.select(a, b, f32x4.greaterThan(x, y)),
    whereEqual: (x, y, value) => f32x4.and(f32x4.equal(x, y), value),
  },
  {
    type: 'f32',
    width: 1,
    ops: f32,
    spread: (value) => value,
    whereGreater: (x, y, a, b) => f32.select(a, b, f32.greaterThan(x, y)),
    whereEqual: (x, y, value) => f32.select(value, f32.zero, f32.equal(x, y)),
  },
]

/**
 * The gradient of one max-pool window: `dx[argmax x] += dy`, for each channel; the first of equal maxima gets it all.
 *
 * Pointers to the window's first position inside the image; `row` bytes between image rows.
 */
export const maxPoolWindow = wasmFunction(
  'maxPoolWindow',
  ['x', 'dy', 'dx', 'rows', 'columns', 'row', 'channels'],
  (p, declare) => {
    const [channel, offset, i, j, from, to] = [
      declare('i32'),
      declare('i32'),
      declare('i32'),
      declare('i32'),
      declare('i32'),
      declare('i32'),
    ]
    const tap = declare('f32')
    const skip = i32.sub(p.row.get, i32.shiftLeft(i32.mul(p.columns.get, p.channels.get), i32.const(2)))
    const position = i32.shiftLeft(p.channels.get, i32.const(2))
    const start = (pointer: Local) => i32.add(pointer.get, offset.get)

    const overWindow = (pointer: Local, body: Code): Code => [
      ...tap.set(f32.zero),
      ...i.set(i32.const(0)),
      ...whileLoop(
        i32.lessThan(i.get, p.rows.get),
        j.set(i32.const(0)),
        whileLoop(
          i32.lessThan(j.get, p.columns.get),
          body,
          tap.set(f32.add(tap.get, f32.one)),
          pointer.advance(position),
          j.advance(i32.const(1)),
        ),
        pointer.advance(skip),
        i.advance(i32.const(1)),
      ),
    ]

    const forLanes = ({ type, width, ops, spread, whereGreater, whereEqual }: Lanes, declareLane: Declare): Code => {
      const [value, best, bestTap, gradient] = [
        declareLane(type),
        declareLane(type),
        declareLane(type),
        declareLane(type),
      ]
      return whileLoop(
        i32.lessOrEqual(i32.add(channel.get, i32.const(width)), p.channels.get),
        offset.set(i32.shiftLeft(channel.get, i32.const(2))),
        from.set(start(p.x)),
        best.set(ops.load(from.get)),
        bestTap.set(spread(f32.zero)),
        overWindow(from, [
          ...value.set(ops.load(from.get)),
          ...bestTap.set(whereGreater(value.get, best.get, spread(tap.get), bestTap.get)),
          ...best.set(whereGreater(value.get, best.get, value.get, best.get)),
        ]),
        gradient.set(ops.load(start(p.dy))),
        to.set(start(p.dx)),
        overWindow(
          to,
          ops.store(to.get, ops.add(ops.load(to.get), whereEqual(bestTap.get, spread(tap.get), gradient.get))),
        ),
        channel.advance(i32.const(width)),
      )
    }
    return [channel.set(i32.const(0)), ...LANES.map((lanes) => forLanes(lanes, declare))]
  },
)
