import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from '../kernels/extra-kernels.ts'

const named = (kernels: readonly tf.Tensor[]): Record<string, tf.Tensor> =>
  Object.fromEntries(kernels.map((kernel, i) => [`kernel${i}`, kernel]))

/** Row b of the coefficients as `[1, taps, out]`. */
const coefficientOf = (coefficients: tf.Tensor3D, b: number): tf.Tensor3D => {
  const [, taps, out] = coefficients.shape
  return tf.slice(coefficients, [b, 0, 0], [1, taps, out])
}

/** `Σ_b c_b · x_b`, `[in, taps, out]`, and its transpose `[taps, in, out]`. */
function compose(coefficients: tf.Tensor3D, kernels: readonly tf.Tensor3D[]): tf.Tensor3D {
  const scaled = kernels.map((kernel, b) => tf.mul(kernel, coefficientOf(coefficients, b)))
  return tf.transpose(scaled.length === 1 ? scaled[0]! : tf.addN(scaled), [1, 0, 2]) as tf.Tensor3D
}

function composeGradient(dy: tf.Tensor3D, coefficients: tf.Tensor3D, kernels: readonly tf.Tensor3D[]): tf.Tensor[] {
  const gradient = tf.transpose(dy, [1, 0, 2])
  const ofCoefficients = kernels.map((kernel) => tf.sum(tf.mul(gradient, kernel), 0))
  const ofKernels = kernels.map((kernel, b) => {
    const scaled = tf.mul(gradient, coefficientOf(coefficients, b))
    return kernel.shape[1] === scaled.shape[1] ? scaled : tf.sum(scaled, 1, true)
  })
  return [tf.stack(ofCoefficients), ...ofKernels]
}

/**
 * A sum of convolution kernels, each scaled per tap and filter: `y[t, i, o] = Σ_b c[b, t, o] · x_b[i, t, o]`.
 *
 * @param coefficients `[kernels, taps, out]`
 * @param kernels each `[in, taps, out]`, or `[in, 1, out]` for the same numbers at every tap
 * @returns `[taps, in, out]`: a reshape away from the layout of TensorFlow's kernels
 * @example kernelSum(tf.ones([2, 9, 8]), [tf.ones([4, 9, 8]), tf.ones([4, 1, 8])]) // all 2, [9, 4, 8]
 */
export function kernelSum(coefficients: tf.Tensor3D, kernels: readonly tf.Tensor3D[]): tf.Tensor3D {
  return tf.customGrad((...given) => {
    const save = given.pop() as tf.GradSaveFunc
    const [c, ...x] = given as [tf.Tensor3D, ...tf.Tensor3D[]]
    save([c, ...x])
    return {
      value: (runExtraKernel('KernelSum', { coefficients: c, ...named(x) })?.[0] as tf.Tensor3D) ?? compose(c, x),
      gradFunc: (dy, saved) => {
        const [c, ...x] = saved as [tf.Tensor3D, ...tf.Tensor3D[]]
        return (
          runExtraKernel('KernelSumGradient', { dy, coefficients: c, ...named(x) }) ??
          composeGradient(dy as tf.Tensor3D, c, x)
        )
      },
    }
  })(coefficients, ...kernels) as tf.Tensor3D
}
