import type * as tf from '@tensorflow/tfjs'
import type { Dimension, Geometry } from './geometry.ts'
import { framed } from './image-frame.ts'
import { packPanels, panelMemory, type Panel } from './panels.ts'
import { simd } from './simd/module.ts'
import { withScratch, zeros, type WasmBackend } from './wasm-backend.ts'

/** With fewer channels, tiles cost more to transform than the products save. */
const LEAST_CHANNELS = 16

/** Places of a 4×4 tile. */
const PLACES = 16

/** Floats that the tiles of a block may take, before and after the products: a part of the second-level cache. */
const BLOCK_FLOATS = 98_304

/** Floats between matrices beyond their size, so that the 16 of a tile do not fall into the same cache set. */
const APART = 16

const keepsSize = ({ size, outSize, taps, stride, before }: Dimension) =>
  taps === 3 && stride === 1 && before === 1 && outSize === size

/** A 3×3 convolution that keeps the size of its images, of enough channels. */
export const fitsWinograd = ({ height, width, channels, outChannels }: Geometry): boolean =>
  keepsSize(height) && keepsSize(width) && Math.min(channels, outChannels) >= LEAST_CHANNELS

/** Matrices `[tiles, channels]` for every place of a tile. */
interface TileMatrices {
  readonly start: number
  readonly rowBytes: number
  readonly matrixBytes: number
}

/** A row of tiles of one image: two rows of its pixels. */
interface TileRow {
  readonly image: number
  readonly row: number
}

/** `(G w Gᵀ)` for each place of a tile, packed as weights of a product. */
function filterPanels(
  backend: WasmBackend,
  filter: tf.TensorInfo,
  scratch: (info: tf.TensorInfo) => tf.TensorInfo,
): readonly (readonly Panel[])[] {
  const [, , channels, outChannels] = filter.shape as [number, number, number, number]
  const count = channels * outChannels
  const tiles = scratch(backend.makeOutput([PLACES, count], 'float32'))
  const memory = Array.from({ length: PLACES }, () => scratch(panelMemory(backend, channels, outChannels)))
  const from = backend.getMemoryOffset(tiles.dataId)
  simd(backend).winogradFilter(backend.getMemoryOffset(filter.dataId), from, count)
  const weights = { rows: channels, channels: outChannels, run: channels }
  return memory.map((panels, place) => packPanels(backend, from + 4 * place * count, panels, weights))
}

/** The products of a block of tiles, one for each place. */
function multiply(
  panels: readonly (readonly Panel[])[],
  left: TileMatrices,
  product: TileMatrices,
  tiles: number,
  channels: number,
): void {
  panels.forEach((ofPlace, place) => {
    const [from, to] = [left.start + place * left.matrixBytes, product.start + place * product.matrixBytes]
    for (const { weights, first, convolveRow } of ofPlace)
      convolveRow(from, weights, to + 4 * first, tiles, left.rowBytes, product.rowBytes, 1, left.rowBytes, channels)
  })
}

/** Writes rows of tiles to the images they belong to, by way of `pair` where they reach over an edge. */
function writer(backend: WasmBackend, geometry: Geometry, out: tf.TensorInfo, pair: tf.TensorInfo) {
  const { height, width, outChannels } = geometry
  const { winogradOutput, copyRows } = simd(backend)
  const [outStart, pairStart] = [out, pair].map(({ dataId }) => backend.getMemoryOffset(dataId)) as [number, number]
  const [rowBytes, columns] = [4 * width.size * outChannels, Math.ceil(width.size / 2)]
  return (product: TileMatrices, tile: number, { image, row }: TileRow) => {
    const to = outStart + (image * height.size + 2 * row) * rowBytes
    const rows = Math.min(2, height.size - 2 * row)
    const isWhole = rows === 2 && width.size % 2 === 0
    const from = product.start + tile * product.rowBytes
    const pairBytes = 8 * columns * outChannels
    const [target, targetRow] = isWhole ? [to, rowBytes] : [pairStart, pairBytes]
    winogradOutput(from, product.rowBytes, product.matrixBytes, target, targetRow, columns, outChannels)
    if (!isWhole) copyRows(pairStart, pairBytes, to, rowBytes, rows, rowBytes)
  }
}

/**
 * A 3×3 convolution of stride 1 by minimal filtering, F(2×2, 3×3): `y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A` on tiles of four
 * pixels, 16 products where the definition has 36.
 *
 * @see Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016
 */
export function winogradConvolution(
  backend: WasmBackend,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  geometry: Geometry,
): tf.TensorInfo {
  const { batch, height, width, channels, outChannels } = geometry
  const [rows, columns] = [Math.ceil(height.size / 2), Math.ceil(width.size / 2)]
  const blockRows = Math.max(1, Math.floor(BLOCK_FLOATS / (PLACES * (channels + outChannels) * columns)))
  const tileRows = Array.from({ length: batch * rows }, (_, i) => ({ image: Math.floor(i / rows), row: i % rows }))
  return withScratch(backend, (scratch) => {
    const matricesOf = (size: number): TileMatrices => {
      const matrix = blockRows * columns * size + APART
      const memory = scratch(backend.makeOutput([PLACES, matrix], 'float32'))
      return { start: backend.getMemoryOffset(memory.dataId), rowBytes: 4 * size, matrixBytes: 4 * matrix }
    }
    const panels = filterPanels(backend, filter, scratch)
    const frame = scratch(zeros(backend, [2 * rows + 2, 2 * columns + 2, channels]))
    const pair = scratch(backend.makeOutput([2, 2 * columns, outChannels], 'float32'))
    const [left, product] = [matricesOf(channels), matricesOf(outChannels)]
    const out = backend.makeOutput([batch, height.size, width.size, outChannels], 'float32')
    const imageAt = framed(backend, x, frame, geometry)
    const write = writer(backend, geometry, out, pair)
    const { winogradInput } = simd(backend)
    const frameRow = 8 * (columns + 1) * channels
    let [current, start] = [-1, 0]
    for (let first = 0; first < tileRows.length; first += blockRows) {
      const block = tileRows.slice(first, first + blockRows)
      block.forEach(({ image, row }, i) => {
        if (image !== current) [current, start] = [image, imageAt(image)]
        const to = left.start + i * columns * left.rowBytes
        winogradInput(start + 2 * row * frameRow, frameRow, to, left.rowBytes, left.matrixBytes, columns, channels)
      })
      multiply(panels, left, product, block.length * columns, channels)
      block.forEach((tileRow, i) => write(product, i * columns, tileRow))
    }
    return out
  })
}
