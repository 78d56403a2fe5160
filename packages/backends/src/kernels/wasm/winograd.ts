import type * as tf from '@tensorflow/tfjs'
import type { Geometry } from './geometry.ts'
import { packPanels, panelMemory, type Panel } from './panels.ts'
import { simd } from './simd/module.ts'
import { addressesOf, withScratch, type Scratch, type WasmBackend } from './wasm-backend.ts'
import { PLACES, tileBlocks, tilePixels, type TileMatrices, type TileRow } from './winograd-tiles.ts'

/** `(G w Gᵀ)` for each place of a tile, packed as weights of a product. */
function filterPanels(backend: WasmBackend, filter: tf.TensorInfo, scratch: Scratch): readonly (readonly Panel[])[] {
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

/** Writes rows of tiles to their images; tiles that reach over an edge are written to `pair` first. */
function writer(backend: WasmBackend, geometry: Geometry, out: tf.TensorInfo, pair: tf.TensorInfo) {
  const { height, width, outChannels } = geometry
  const { winogradOutput, copyRows } = simd(backend)
  const [outStart, pairStart] = addressesOf(backend, out, pair)
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
  return withScratch(backend, (scratch) => {
    const { columns, blocks, matrices } = tileBlocks(backend, geometry, scratch)
    const panels = filterPanels(backend, filter, scratch)
    const pair = scratch(backend.makeOutput([2, 2 * columns, outChannels], 'float32'))
    const [left, product] = [matrices(channels), matrices(outChannels)]
    const pixelsOf = tilePixels(backend, x, geometry, scratch)
    const out = backend.makeOutput([batch, height.size, width.size, outChannels], 'float32')
    const write = writer(backend, geometry, out, pair)
    const { winogradInput } = simd(backend)
    for (const block of blocks) {
      block.forEach((row, i) => {
        const { start, rowBytes } = pixelsOf(row)
        const to = left.start + i * columns * left.rowBytes
        winogradInput(start, rowBytes, to, left.rowBytes, left.matrixBytes, columns, channels)
      })
      multiply(panels, left, product, block.length * columns, channels)
      block.forEach((row, i) => write(product, i * columns, row))
    }
    return out
  })
}
