import type * as tf from '@tensorflow/tfjs'
import { packedWidth, panelWidths, type PanelWidth } from './simd/convolve-row.ts'
import { isNarrow } from './simd/dot-row.ts'
import { simd, type Simd } from './simd/module.ts'
import type { WasmBackend } from './wasm-backend.ts'

/** Neighboring output channels with their weights, and the function that computes them. */
export interface Panel {
  /** Address of the packed weights. */
  readonly weights: number
  /** First output channel. */
  readonly first: number
  readonly convolveRow: Simd['convolveRow8']
}

/** Memory for the panels of a matrix of weights, to be freed by the caller. */
export function panelMemory(backend: WasmBackend, rows: number, channels: number): tf.TensorInfo {
  return backend.makeOutput(
    [panelWidths(channels).reduce((sum, width) => sum + rows * packedWidth(width), 0)],
    'float32',
  )
}

/** A matrix of weights `[rows, channels]`, or `[channels, rows]` if it is transposed. */
export interface Weights {
  readonly rows: number
  readonly channels: number
  /** Rows of weights for numbers that a window reads without a gap. */
  readonly run: number
  readonly isTransposed?: boolean
}

/** Copies `width` columns at one address to another. */
type Pack = (from: number, to: number) => void

export interface PackedWeights {
  readonly panels: readonly Panel[]
  /** Copies the weights at an address into the panels. */
  pack(from: number): void
}

/** Panels of up to eight output channels, each with its weights in the order in which they are read. */
export function panelsIn(
  backend: WasmBackend,
  memory: tf.TensorInfo,
  { rows, channels, run, isTransposed = false }: Weights,
): PackedWeights {
  const functions = simd(backend)
  const [rowStride, columnStride] = isTransposed ? [4, 4 * rows] : [4 * channels, 4]

  const packing = (width: PanelWidth): readonly [Panel['convolveRow'], Pack] => {
    const packed = packedWidth(width)
    if (isNarrow(width) && run % 4 === 0) {
      return [
        functions[`dotRow${width}`],
        (from, to) => functions[`packDots${width}`](from, to, rows, rowStride, columnStride),
      ]
    }
    const convolveRow = functions[`convolveRow${width}`]
    // A panel of a transposed matrix is some of its rows, transposed.
    return isTransposed && width === packed
      ? [
          convolveRow,
          (from, to) => functions.transposeMatrices(from, to, width, rows, columnStride, 4 * width, 1, 0, 0),
        ]
      : [convolveRow, (from, to) => functions.packPanel(from, to, rows, rowStride, columnStride, width, packed)]
  }
  let [to, first] = [backend.getMemoryOffset(memory.dataId), 0]
  const all = panelWidths(channels).map((width) => {
    const [convolveRow, pack] = packing(width)
    const panel = { weights: to, first, convolveRow }
    to += 4 * rows * packedWidth(width)
    first += width
    return { panel, pack }
  })
  return {
    panels: all.map(({ panel }) => panel),
    pack: (from) => {
      for (const { panel, pack } of all) pack(from + panel.first * columnStride, panel.weights)
    },
  }
}

/** The panels of weights at an address. */
export function packPanels(
  backend: WasmBackend,
  from: number,
  memory: tf.TensorInfo,
  weights: Weights,
): readonly Panel[] {
  const { panels, pack } = panelsIn(backend, memory, weights)
  pack(from)
  return panels
}
