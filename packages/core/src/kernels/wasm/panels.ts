import type * as tf from '@tensorflow/tfjs'
import { packedWidth, panelWidths, type PanelWidth } from './simd/convolve-row.ts'
import { isNarrow } from './simd/dot-row.ts'
import { simd } from './simd/module.ts'
import type { WasmBackend } from './wasm-backend.ts'

/** A stretch of output channels with its weights, and the function that computes it. */
export interface Panel {
  /** Address of the packed weights. */
  readonly weights: number
  /** First output channel. */
  readonly first: number
  readonly convolveRow: (...numbers: number[]) => void
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
  /** Rows that a window reads in one piece. */
  readonly run: number
  readonly isTransposed?: boolean
}

/** Copies weights at an address into panels of up to eight output channels, each in the order in which it is read. */
export function packPanels(
  backend: WasmBackend,
  from: number,
  memory: tf.TensorInfo,
  { rows, channels, run, isTransposed = false }: Weights,
): Panel[] {
  const functions = simd(backend)
  const [rowStride, columnStride] = isTransposed ? [4, 4 * rows] : [4 * channels, 4]
  let [to, first] = [backend.getMemoryOffset(memory.dataId), 0]

  const pack = (width: PanelWidth): Panel['convolveRow'] => {
    const [source, packed] = [from + first * columnStride, packedWidth(width)]
    if (isNarrow(width) && run % 4 === 0) {
      functions.packDots(source, to, rows, rowStride, columnStride, width)
      return functions[`dotRow${width}`]
    }
    // The panel of a transposed matrix is a transposed stretch of its rows.
    if (isTransposed && width === packed) functions.transposeMatrix(source, to, width, rows)
    else functions.packPanel(source, to, rows, rowStride, columnStride, width, packed)
    return functions[`convolveRow${width}`]
  }
  return panelWidths(channels).map((width): Panel => {
    const panel = { weights: to, first, convolveRow: pack(width) }
    to += 4 * rows * packedWidth(width)
    first += width
    return panel
  })
}
