import '@tensorflow/tfjs-backend-wasm'
import { beforeAll, describe, it } from 'vitest'
import { useBackend } from '../use-backend.ts'
import {
  add,
  averagePool,
  conv2d,
  depthwiseConv2d,
  globalMaxPool,
  graph,
  maxPool,
  multiply,
  prelu,
  toMap,
  type FieldSpec,
  type OpCall,
} from '@gpdjs/core'
import { checkOp, type Numbers } from './testing/check-op.ts'

const BATCH = [0, 1]
const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const total = (n: number, term: (i: number) => number) => range(n).reduce((sum, i) => sum + term(i), 0)
const floats = (...shape: number[]): FieldSpec => ({ shape, dtype: 'float32' })

const [HEIGHT, WIDTH, CHANNELS] = [5, 7, 3]

function single(op: OpCall, inputs: Readonly<Record<string, FieldSpec>> = { x: floats(HEIGHT, WIDTH, CHANNELS) }) {
  const g = graph({ name: 'one', inputs })
  return g.build(g.add('op', op, ...Object.keys(inputs)))
}

type Pair = readonly [number, number]

interface Sliding {
  readonly kernel: Pair
  readonly strides?: Pair
  readonly dilation?: Pair
  readonly padding?: 'same' | 'valid' | number
}

const EVERY: readonly Sliding[] = [
  { kernel: [1, 3] },
  { kernel: [3, 2], strides: [2, 1] },
  { kernel: [2, 3], strides: [1, 3], padding: 'valid' },
  { kernel: [3, 3], strides: [1, 2], padding: 1 },
  { kernel: [2, 4], padding: 1 },
]

const DILATED: readonly Sliding[] = [
  { kernel: [3, 3], dilation: [2, 2] },
  { kernel: [3, 2], dilation: [1, 3], padding: 'valid' },
  { kernel: [2, 3], dilation: [2, 1], strides: [2, 2], padding: 1 },
]

const attributesOf = ({ kernel, strides = [1, 1], dilation, padding = 'same' }: Sliding) => ({
  kernelSize: kernel,
  strides,
  padding,
  ...(dilation && { dilation }),
})

/** Positions of a window along one axis, and for each the pixels it reads with the number of the tap, off the image left out. */
function windows(
  size: number,
  axis: 0 | 1,
  { kernel, strides = [1, 1], dilation = [1, 1], padding = 'same' }: Sliding,
) {
  const [taps, step, apart] = [kernel[axis], strides[axis], dilation[axis]]
  const extent = (taps - 1) * apart + 1
  const count =
    padding === 'same'
      ? Math.ceil(size / step)
      : Math.floor((size + 2 * (padding === 'valid' ? 0 : padding) - extent) / step) + 1
  const before =
    padding === 'same'
      ? Math.floor(Math.max((count - 1) * step + extent - size, 0) / 2)
      : padding === 'valid'
        ? 0
        : padding
  return range(count).map((i) =>
    range(taps)
      .map((tap) => ({ tap, at: i * step - before + tap * apart }))
      .filter(({ at }) => at >= 0 && at < size),
  )
}

/** For each sample, row and column of the result: what its window reads. */
function slid<T>(
  sliding: Sliding,
  f: (taps: readonly { row: number; column: number; at: Pair }[], b: number) => T[],
): T[] {
  const [rows, columns] = [windows(HEIGHT, 0, sliding), windows(WIDTH, 1, sliding)]
  return BATCH.flatMap((b) =>
    rows.flatMap((down) =>
      columns.flatMap((across) => {
        const taps = down.flatMap((y) => across.map((x) => ({ row: y.tap, column: x.tap, at: [y.at, x.at] as const })))
        return f(taps, b)
      }),
    ),
  )
}

const pixel = (values: Numbers, b: number, [y, x]: Pair, c: number) =>
  values['x']![((b * HEIGHT + y) * WIDTH + x) * CHANNELS + c]!

describe.each(['cpu', 'wasm'] as const)('ops on images on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each([...EVERY, ...DILATED])('conv2d slides as it is told: %o', (sliding) => {
    const filters = 2
    checkOp(single(conv2d({ filters, ...attributesOf(sliding) })), {}, (values) =>
      slid(sliding, (taps, b) =>
        range(filters).map((filter) =>
          taps.reduce((sum, { row, column, at }) => {
            const weight = (c: number) =>
              values['op.weight']![((row * sliding.kernel[1] + column) * CHANNELS + c) * filters + filter]!
            return sum + total(CHANNELS, (c) => pixel(values, b, at, c) * weight(c))
          }, 0),
        ),
      ),
    )
  })

  it.each([...EVERY, ...DILATED])('depthwiseConv2d slides as it is told: %o', (sliding) =>
    checkOp(single(depthwiseConv2d(attributesOf(sliding))), {}, (values) =>
      slid(sliding, (taps, b) =>
        range(CHANNELS).map((c) =>
          taps.reduce((sum, { row, column, at }) => {
            const weight = values['op.weight']![(row * sliding.kernel[1] + column) * CHANNELS + c]!
            return sum + pixel(values, b, at, c) * weight
          }, 0),
        ),
      ),
    ),
  )

  it.each(EVERY)('maxPool takes the largest number of a window: %o', (sliding) =>
    checkOp(single(maxPool(attributesOf(sliding))), {}, (values) =>
      slid(sliding, (taps, b) =>
        range(CHANNELS).map((c) => Math.max(...taps.map(({ at }) => pixel(values, b, at, c)))),
      ),
    ),
  )

  it.each(EVERY)('averagePool takes the mean of what is in the image: %o', (sliding) =>
    checkOp(single(averagePool(attributesOf(sliding))), {}, (values) =>
      slid(sliding, (taps, b) =>
        range(CHANNELS).map((c) => taps.reduce((sum, { at }) => sum + pixel(values, b, at, c), 0) / taps.length),
      ),
    ),
  )

  it('globalMaxPool takes the largest number of each channel', () =>
    checkOp(single(globalMaxPool()), {}, (values) =>
      slid({ kernel: [HEIGHT, WIDTH], padding: 'valid' }, (taps, b) =>
        range(CHANNELS).map((c) => Math.max(...taps.map(({ at }) => pixel(values, b, at, c)))),
      ),
    ))

  it.each([false, true])(
    'prelu multiplies negative numbers by the slope of channel (and position: %s)',
    (perPosition) =>
      checkOp(single(prelu({ perPosition })), {}, (values) =>
        values['x']!.map((value, i) => {
          const slopes = values['op.weight']!
          return value > 0 ? value : slopes[i % slopes.length]! * value
        }),
      ),
  )

  it.each([
    [add(), (a: number, b: number) => a + b],
    [multiply(), (a: number, b: number) => a * b],
  ] as const)('%o combines one position with every one', (op, f) => {
    const [x, one, row] = [floats(2, 3, 4), floats(1, 1, 4), floats(1, 3, 4)]
    const at = (values: Numbers, name: string, b: number, y: number, column: number, c: number) => {
      const [height, width] = { x: [2, 3], one: [1, 1], row: [1, 3] }[name]!
      return values[name]![((b * height! + (y % height!)) * width! + (column % width!)) * 4 + c]!
    }
    checkOp(single(op, { one, x, row }), {}, (values) =>
      BATCH.flatMap((b) =>
        range(2).flatMap((y) =>
          range(3).flatMap((column) =>
            range(4).map((c) =>
              f(
                f(at(values, 'one', b, y, column, c), at(values, 'x', b, y, column, c)),
                at(values, 'row', b, y, column, c),
              ),
            ),
          ),
        ),
      ),
    )
  })

  it('toMap makes one position of a vector', () =>
    checkOp(single(toMap({ height: 1, width: 1 }), { x: floats(4) }), {}, (values) => [...values['x']!]))
})
