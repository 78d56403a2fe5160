import type * as tf from '@tensorflow/tfjs'
import { layout } from './channel-kernels.ts'
import { extraWasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { zeros } from './wasm-backend.ts'

/**
 * The closed form in two passes: sums of `dy` and `dy · (x − mean)`, then `dx = dy · a + x · b + c` with, for each
 * channel and `u = 1 / √(variance + ε)`, `a = scale · u`, `b = −a · u · dscale / n`, `c = −b · mean − a · dshift / n`.
 */
export const batchNormGradient = extraWasmKernel(
  'BatchNormGradient',
  'the gradient composes from nine passes, most of them with broadcasting',
  ({ inputs: { dy, x, mean, inverseDeviation, scale }, backend }) => {
    const { channels, rows, rowBytes, address } = layout(backend, x)
    const dx = backend.makeOutput([...x.shape], 'float32')
    const perChannel = () => zeros(backend, [channels])
    const [dScale, dShift, a, b, c] = [perChannel(), perChannel(), perChannel(), perChannel(), perChannel()]
    const { gradientMoments, channelCombine } = simd(backend)
    const maps = [address(dy), address(x), rowBytes, rowBytes] as const
    gradientMoments(...maps, address(mean), address(dShift), address(dScale), rows, channels)

    const values = (info: tf.TensorInfo) => backend.typedArrayFromHeap(info)
    const [m, u, s] = [values(mean), values(inverseDeviation), values(scale)]
    const [gScale, gShift, va, vb, vc] = [values(dScale), values(dShift), values(a), values(b), values(c)]
    for (let i = 0; i < channels; i++) {
      gScale[i]! *= u[i]!
      va[i] = s[i]! * u[i]!
      vb[i] = (-va[i]! * u[i]! * gScale[i]!) / rows
      vc[i] = -vb[i]! * m[i]! - (va[i]! * gShift[i]!) / rows
    }
    channelCombine(...maps, address(a), address(b), address(c), address(dx), rowBytes, rows, channels)
    for (const { dataId } of [a, b, c]) backend.disposeData(dataId)
    return [dx, dScale, dShift]
  },
)
