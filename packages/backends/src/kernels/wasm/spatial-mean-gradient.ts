import { extraWasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { addressesOf } from './wasm-backend.ts'

export const spatialMeanGradient = extraWasmKernel(
  'SpatialMeanGradient',
  'Tile is slow',
  ({ inputs: { dy }, attributes: { shape }, backend }) => {
    const [batch, height, width, channels] = shape
    const [area, bytes] = [height * width, 4 * channels]
    const dx = backend.makeOutput([...shape], 'float32')
    const share = backend.makeOutput([batch, channels], 'float32')
    const [gradients, shares] = [backend.typedArrayFromHeap(dy), backend.typedArrayFromHeap(share)]
    for (let i = 0; i < shares.length; i++) shares[i] = gradients[i]! / area
    const [from, to] = addressesOf(backend, share, dx)
    const { channelFill } = simd(backend)
    for (let n = 0; n < batch; n++) channelFill(from + n * bytes, to + n * area * bytes, bytes, area, channels)
    backend.disposeData(share.dataId)
    return [dx]
  },
)
