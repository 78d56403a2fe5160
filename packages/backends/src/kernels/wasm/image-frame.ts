import type * as tf from '@tensorflow/tfjs'
import type { Dimension } from './geometry.ts'
import { simd } from './simd/module.ts'
import { addressesOf, zeros, type Scratch, type WasmBackend } from './wasm-backend.ts'

/** One image at a time: where its first window starts, and the bytes of an image row. */
export type ImageAt = (n: number) => number

/** Images, and the zeros before them. */
export interface Images {
  readonly height: Pick<Dimension, 'size' | 'before'>
  readonly width: Pick<Dimension, 'size' | 'before'>
  readonly channels: number
}

/** Copies each image into the same padded frame, in which every window is complete. One frame stays in the cache. */
export function framed(
  backend: WasmBackend,
  x: tf.TensorInfo,
  frame: tf.TensorInfo,
  { height, width, channels }: Images,
): ImageAt {
  const [from, to] = addressesOf(backend, x, frame)
  const [rowBytes, frameRow] = [4 * width.size * channels, 4 * frame.shape[1]! * channels]
  const first = to + height.before * frameRow + 4 * width.before * channels
  const { copyRows } = simd(backend)
  return (n) => {
    copyRows(from + n * height.size * rowBytes, rowBytes, first, frameRow, height.size, rowBytes)
    return to
  }
}

/** Images of so many rows and columns with the zeros around them: in place if there are none, else copied to a frame. */
export function imagesIn(
  backend: WasmBackend,
  x: tf.TensorInfo,
  images: Images & { readonly rows: number; readonly columns: number },
  scratch: Scratch,
): { readonly imageAt: ImageAt; readonly rowBytes: number } {
  const { height, width, channels, rows, columns } = images
  if (rows === height.size && columns === width.size) {
    const start = backend.getMemoryOffset(x.dataId)
    const rowBytes = 4 * width.size * channels
    return { imageAt: (n) => start + n * height.size * rowBytes, rowBytes }
  }
  const frame = scratch(zeros(backend, [rows, columns, channels]))
  return { imageAt: framed(backend, x, frame, images), rowBytes: 4 * columns * channels }
}
