import type * as tf from '@tensorflow/tfjs'
import type { Dimension, Geometry } from './geometry.ts'
import { imagesIn, type ImageAt } from './image-frame.ts'
import { packPanels, panelMemory, type Panel } from './panels.ts'
import { reversedFilter } from './reversed-filter.ts'
import { withScratch, zeros, type Scratch, type WasmBackend } from './wasm-backend.ts'

/**
 * Every `stride`-th input position, from `first` on, is a plain convolution of dy with every `stride`-th tap: the
 * gradient of a strided convolution falls into `stride²` convolutions without stride, and no product is with a zero.
 */
interface Phase {
  readonly first: number
  /** Taps in the order in which they are multiplied with dy: reversed. */
  readonly taps: readonly number[]
  /** Number of input positions. */
  readonly size: number
  /** Zeros around dy; negative where dy is larger than what the phase reads. */
  readonly before: number
  readonly after: number
}

function phasesOf({ size, outSize, taps, stride, before }: Dimension): Phase[] {
  return Array.from({ length: Math.min(stride, size) }, (_, first) => {
    // The first tap that belongs to this phase, and the position of dy that it reads for the first input.
    const tap = (first + before) % stride
    const reach = (first + before - tap) / stride
    const own = Array.from(
      { length: Math.max(0, Math.ceil((taps - tap) / stride)) },
      (_, t) => tap + t * stride,
    ).reverse()
    const count = Math.ceil((size - first) / stride)
    const lead = own.length - 1 - reach
    return { first, taps: own, size: count, before: lead, after: count + own.length - 1 - outSize - lead }
  })
}

interface PhasePair {
  readonly rows: Phase
  readonly columns: Phase
  readonly panels: readonly Panel[]
}

/** dy image by image, with enough zeros around it for every phase. */
interface Frame {
  readonly imageAt: ImageAt
  readonly before: readonly [rows: number, columns: number]
  readonly rowBytes: number
}

function frameOf(
  backend: WasmBackend,
  dy: tf.TensorInfo,
  { height, width, outChannels }: Geometry,
  [vertical, horizontal]: readonly [readonly Phase[], readonly Phase[]],
  scratch: Scratch,
): Frame {
  const most = (phases: readonly Phase[], side: 'before' | 'after') =>
    Math.max(0, ...phases.map((phase) => phase[side]))
  const framedDimension = ({ outSize }: Dimension, phases: readonly Phase[]) => {
    const before = most(phases, 'before')
    return { size: outSize, before, framed: before + outSize + most(phases, 'after') }
  }
  const [rows, columns] = [framedDimension(height, vertical), framedDimension(width, horizontal)]
  const images = { height: rows, width: columns, channels: outChannels, rows: rows.framed, columns: columns.framed }
  return { ...imagesIn(backend, dy, images, scratch), before: [rows.before, columns.before] }
}

/** Computes the positions of one phase of one image. */
function convolvePhase(
  { rows, columns, panels }: PhasePair,
  { before, rowBytes }: Frame,
  image: number,
  dx: number,
  { height, width, channels, outChannels }: Geometry,
): void {
  const [position, gradient] = [4 * channels, 4 * outChannels]
  const from = image + (before[0] - rows.before) * rowBytes + (before[1] - columns.before) * gradient
  const run = columns.taps.length * outChannels
  for (const { weights, first, convolveRow } of panels) {
    for (let u = 0; u < rows.size; u++) {
      convolveRow(
        from + u * rowBytes,
        weights,
        dx + ((rows.first + u * height.stride) * width.size + columns.first) * position + 4 * first,
        columns.size,
        gradient,
        width.stride * position,
        rows.taps.length,
        rowBytes,
        run,
      )
    }
  }
}

/** Whether windows neither overlap nor leave gaps, as in patches: then their columns are like channels of one column. */
const isTiled = ({ size, outSize, taps, stride, before }: Dimension) =>
  taps === stride && before === 0 && size === outSize * stride

/** The gradient of a convolution with respect to its input, from convolutions of dy without stride. */
export function inputGradient(
  backend: WasmBackend,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  geometry: Geometry,
): tf.TensorInfo {
  const { batch, height, width, channels, outChannels } = geometry
  if (!isTiled(width)) return fromPhases(backend, dy, filter, geometry)
  const column: Dimension = { size: width.outSize, outSize: width.outSize, taps: 1, stride: 1, before: 0 }
  const inputs = width.taps * channels
  const joined = { ...filter, shape: [height.taps, 1, inputs, outChannels] }
  const dx = fromPhases(backend, dy, joined, { ...geometry, width: column, channels: inputs })
  return { ...dx, shape: [batch, height.size, width.size, channels] }
}

function fromPhases(backend: WasmBackend, dy: tf.TensorInfo, filter: tf.TensorInfo, geometry: Geometry): tf.TensorInfo {
  const { batch, height, width, channels, outChannels } = geometry
  const phases = [phasesOf(height), phasesOf(width)] as const
  const all = phases[0].flatMap((rows) => phases[1].map((columns) => ({ rows, columns })))
  const pairs = all.filter(({ rows, columns }) => rows.taps.length > 0 && columns.taps.length > 0)
  return withScratch(backend, (scratch) => {
    const packed = pairs.map(({ rows, columns }): PhasePair => {
      const reversed = scratch(reversedFilter(backend, filter, rows.taps, columns.taps))
      const run = columns.taps.length * outChannels
      const weights = { rows: rows.taps.length * run, channels, run }
      const memory = scratch(panelMemory(backend, weights.rows, channels))
      return { rows, columns, panels: packPanels(backend, backend.getMemoryOffset(reversed.dataId), memory, weights) }
    })
    const frame = frameOf(backend, dy, geometry, phases, scratch)
    const shape = [batch, height.size, width.size, channels]
    const dx = pairs.length < all.length ? zeros(backend, shape) : backend.makeOutput(shape, 'float32')
    const start = backend.getMemoryOffset(dx.dataId)
    for (let n = 0; n < batch; n++) {
      const [image, to] = [frame.imageAt(n), start + 4 * n * height.size * width.size * channels]
      for (const pair of packed) convolvePhase(pair, frame, image, to, geometry)
    }
    return dx
  })
}
