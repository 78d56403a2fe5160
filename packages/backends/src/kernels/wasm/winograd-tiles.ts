import type * as tf from '@tensorflow/tfjs'
import type { Dimension, Geometry } from './geometry.ts'
import { framed } from './image-frame.ts'
import { zeros, type Scratch, type WasmBackend } from './wasm-backend.ts'

/** With fewer channels, tiles cost more to transform than the products save. */
const LEAST_CHANNELS = 16

/** Places of a 4×4 tile. */
export const PLACES = 16

/** Floats that the tiles of a block may take, before and after the products: a part of the second-level cache. */
const BLOCK_FLOATS = 98_304

/** Unused floats between matrices, so that the 16 of a tile do not share one cache set. */
const APART = 16

const keepsSize = ({ size, outSize, taps, stride, before }: Dimension) =>
  taps === 3 && stride === 1 && before === 1 && outSize === size

/** Transforming and packing the filters takes as long as the products of so many tiles; measured. */
const FILTERS_COST = 48

const tilesIn = ({ batch, height, width }: Geometry) => batch * Math.ceil(height.size / 2) * Math.ceil(width.size / 2)

const savesProducts = (geometry: Geometry) =>
  9 * geometry.batch * geometry.height.size * geometry.width.size > PLACES * (tilesIn(geometry) + FILTERS_COST)

/** A 3×3 convolution that keeps the size of its images, of enough pixels and channels. */
export const fitsWinograd = (geometry: Geometry): boolean =>
  keepsSize(geometry.height) &&
  keepsSize(geometry.width) &&
  Math.min(geometry.channels, geometry.outChannels) >= LEAST_CHANNELS &&
  savesProducts(geometry)

/** Matrices `[tiles, channels]` for every place of a tile. */
export interface TileMatrices {
  readonly start: number
  readonly rowBytes: number
  readonly matrixBytes: number
}

/** A row of tiles of one image: two rows of its pixels. */
export interface TileRow {
  readonly image: number
  readonly row: number
}

export interface TileBlocks {
  /** Tiles in a row of them. */
  readonly columns: number
  /** Rows of tiles that are transformed, multiplied and transformed back together. */
  readonly blocks: readonly (readonly TileRow[])[]
  /** Memory for the tiles of a block. */
  matrices(channels: number): TileMatrices
}

/** The tiles of a batch of images, in blocks of so many that a second-level cache holds them. */
export function tileBlocks(
  backend: WasmBackend,
  { batch, height, width, channels, outChannels }: Geometry,
  scratch: Scratch,
): TileBlocks {
  const [rows, columns] = [Math.ceil(height.size / 2), Math.ceil(width.size / 2)]
  const blockRows = Math.max(1, Math.floor(BLOCK_FLOATS / (PLACES * (channels + outChannels) * columns)))
  const tileRows = Array.from({ length: batch * rows }, (_, i) => ({ image: Math.floor(i / rows), row: i % rows }))
  const blocks = Array.from({ length: Math.ceil(tileRows.length / blockRows) }, (_, i) =>
    tileRows.slice(i * blockRows, (i + 1) * blockRows),
  )
  const matrices = (size: number): TileMatrices => {
    const matrix = blockRows * columns * size + APART
    const memory = scratch(backend.makeOutput([PLACES, matrix], 'float32'))
    return { start: backend.getMemoryOffset(memory.dataId), rowBytes: 4 * size, matrixBytes: 4 * matrix }
  }
  return { columns, blocks, matrices }
}

/** Where a row of tiles starts, and the bytes of a row of pixels there. */
export interface Pixels {
  readonly start: number
  readonly rowBytes: number
}

/** Copies each image into a frame of zeros, so that no tile reaches over an edge. */
export function tilePixels(
  backend: WasmBackend,
  images: tf.TensorInfo,
  geometry: Geometry,
  scratch: Scratch,
): (row: TileRow) => Pixels {
  const { channels } = geometry
  const [rows, columns] = [geometry.height, geometry.width].map(
    ({ size, before }) => 2 * (Math.ceil(size / 2) + before),
  ) as [number, number]
  const frame = scratch(zeros(backend, [rows, columns, channels]))
  const imageAt = framed(backend, images, frame, geometry)
  const rowBytes = 4 * columns * channels
  let [current, start] = [-1, 0]
  return ({ image, row }) => {
    if (image !== current) [current, start] = [image, imageAt(image)]
    return { start: start + 2 * row * rowBytes, rowBytes }
  }
}
