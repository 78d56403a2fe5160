import type * as tf from '@tensorflow/tfjs'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'

export const spatialMeanGradient = wasmKernel<{ readonly shape: [number, number, number, number] }>({
  name: 'SpatialMeanGradient',
  defect: 'slow',
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
