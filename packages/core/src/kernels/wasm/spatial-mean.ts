import type * as tf from '@tensorflow/tfjs'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { zeros } from './wasm-backend.ts'

type Shape4D = [number, number, number, number]

export const spatialMean = wasmKernel({
  name: 'SpatialMean',
  repairs: 'Mean over inner axes transposes first',
  create:
    () =>
    ({ inputs, backend }) => {
      const { x } = inputs as { x: tf.TensorInfo }
      const [batch, height, width, channels] = x.shape as Shape4D
      const [area, bytes] = [height * width, 4 * channels]
      const out = zeros(backend, [batch, channels])
      const [from, to] = [backend.getMemoryOffset(x.dataId), backend.getMemoryOffset(out.dataId)]
      const { channelSum } = simd(backend)
      for (let n = 0; n < batch; n++) channelSum(from + n * area * bytes, bytes, to + n * bytes, area, channels)
      const values = backend.typedArrayFromHeap(out)
      for (let i = 0; i < values.length; i++) values[i]! /= area
      return out
    },
})

export const spatialMeanGradient = wasmKernel<{ readonly shape: Shape4D }>({
  name: 'SpatialMeanGradient',
  repairs: 'Tile is slow',
  create:
    () =>
    ({ inputs, attrs, backend }) => {
      const { dy } = inputs as { dy: tf.TensorInfo }
      const [batch, height, width, channels] = attrs.shape
      const [area, bytes] = [height * width, 4 * channels]
      const dx = backend.makeOutput([...attrs.shape], 'float32')
      const share = backend.makeOutput([batch, channels], 'float32')
      const [gradients, shares] = [backend.typedArrayFromHeap(dy), backend.typedArrayFromHeap(share)]
      for (let i = 0; i < shares.length; i++) shares[i] = gradients[i]! / area
      const [from, to] = [backend.getMemoryOffset(share.dataId), backend.getMemoryOffset(dx.dataId)]
      const { channelFill } = simd(backend)
      for (let n = 0; n < batch; n++) channelFill(from + n * bytes, to + n * area * bytes, bytes, area, channels)
      backend.disposeData(share.dataId)
      return dx
    },
})
