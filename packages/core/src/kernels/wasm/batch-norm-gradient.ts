import type * as tf from '@tensorflow/tfjs'
import { layout } from './channel-kernels.ts'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { zeros } from './wasm-backend.ts'

type Inputs = Readonly<Record<'dy' | 'x' | 'mean' | 'inverseDeviation' | 'scale', tf.TensorInfo>>

/**
 * The closed form in two passes: sums of `dy` and `dy · (x − mean)`, then `dx = dy · a + x · b + c` with, for each
 * channel and `u = 1 / √(variance + ε)`, `a = scale · u`, `b = −a · u · dscale / n`, `c = −b · mean − a · dshift / n`.
 */
export const batchNormGradient = wasmKernel({
  name: 'BatchNormGradient',
  defect: 'slow',
  repairs: 'the gradient composes from nine passes, most of them with broadcasting',
  create:
    () =>
    ({ inputs, backend }) => {
      const { dy, x, mean, inverseDeviation, scale } = inputs as Inputs
      const { channels, rows, rowBytes, address } = layout(backend, x)
      const dx = backend.makeOutput([...x.shape], 'float32')
      const [dScale, dShift, a, b, c] = Array.from({ length: 5 }, () => zeros(backend, [channels])) as [
        tf.TensorInfo,
        tf.TensorInfo,
        tf.TensorInfo,
        tf.TensorInfo,
        tf.TensorInfo,
      ]
      const { gradientMoments, channelCombine } = simd(backend)
      gradientMoments(
        address(dy),
        address(x),
        rowBytes,
        rowBytes,
        address(mean),
        address(dShift),
        address(dScale),
        rows,
        channels,
      )

      const [m, u, s] = [mean, inverseDeviation, scale].map((info) => backend.typedArrayFromHeap(info)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ]
      const [gScale, gShift, va, vb, vc] = [dScale, dShift, a, b, c].map((info) =>
        backend.typedArrayFromHeap(info),
      ) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array]
      for (let i = 0; i < channels; i++) {
        gScale[i]! *= u[i]!
        va[i] = s[i]! * u[i]!
        vb[i] = (-va[i]! * u[i]! * gScale[i]!) / rows
        vc[i] = -vb[i]! * m[i]! - (va[i]! * gShift[i]!) / rows
      }
      channelCombine(
        address(dy),
        address(x),
        rowBytes,
        rowBytes,
        address(a),
        address(b),
        address(c),
        address(dx),
        rowBytes,
        rows,
        channels,
      )
      for (const { dataId } of [a, b, c]) backend.disposeData(dataId)
      return [dx, dScale, dShift]
    },
})
