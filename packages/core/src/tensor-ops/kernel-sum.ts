import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'
import { sizeOf } from '../shape.ts'
import { customGradient } from './custom-gradient.ts'

/** One of the kernels that are added up. */
export interface KernelPart {
  /** `[in, taps, out]`, or `[in, 1, out]` for the same numbers at every tap. */
  readonly kernel: tf.Tensor3D
  /**
   * Factors of the taps: a number for each, or a tensor `[taps, out]` for each and every filter. No gradient goes into
   * it. Default ones.
   */
  readonly profile?: readonly number[] | tf.Tensor2D
}

type Profile = NonNullable<KernelPart['profile']>

const isTensor = <T extends tf.Tensor>(profile: T | readonly number[]): profile is T => !Array.isArray(profile)

const tapsOf = (shape: readonly number[]): number => sizeOf(shape.slice(0, -2))

/** What `kernelSum` computes with: tensors that gradients need, and the numbers beside them. */
interface Sum {
  readonly gates: tf.Tensor2D
  readonly kernels: readonly tf.Tensor3D[]
  readonly profiles: readonly Profile[]
  /** Of the result. */
  readonly shape: readonly number[]
}

/** What the backend's kernel takes: a profile that is a tensor takes the place of its factors. */
const operandsOf = ({ gates, kernels, profiles, shape }: Sum) => ({
  inputs: {
    gates,
    filters: kernels,
    profiles: profiles.map((profile) => (isTensor(profile) ? profile : undefined)),
  },
  attributes: {
    factors: profiles.map((profile) => (isTensor(profile) ? new Array<number>(profile.shape[0]).fill(1) : profile)),
    shape,
  },
})

/** `[taps, out]`, or `[taps, 1]` if filters are alike. */
const profileTensor = (profile: Profile): tf.Tensor2D =>
  isTensor(profile) ? profile : tf.tensor2d([...profile], [profile.length, 1])

/** Of kernel b, `[1, taps, out]`. */
const coefficient = ({ gates, profiles }: Sum, b: number): tf.Tensor3D =>
  tf.expandDims(tf.mul(tf.slice(gates, [b, 0], [1, -1]), profileTensor(profiles[b]!)), 0)

/** `Σ_b c_b · x_b`, `[in, taps, out]`, transposed. */
function compose(sum: Sum): tf.Tensor {
  const scaled = sum.kernels.map((kernel, b) => tf.mul(kernel, coefficient(sum, b)))
  return tf.reshape(tf.transpose(scaled.length === 1 ? scaled[0]! : tf.addN(scaled), [1, 0, 2]), [...sum.shape])
}

type Gradients = [dGates: tf.Tensor, ...dKernels: tf.Tensor[]]

function composeGradient(dy: tf.Tensor, sum: Sum): Gradients {
  const { kernels, profiles, shape } = sum
  const [inputs, , out] = kernels[0]!.shape
  const gradient = tf.transpose(tf.reshape(dy, [tapsOf(shape), inputs, out]), [1, 0, 2])
  const ofGates = kernels.map((kernel, b) =>
    tf.sum(tf.mul(tf.sum(tf.mul(gradient, kernel), 0), profileTensor(profiles[b]!)), 0),
  )
  const ofKernels = kernels.map((kernel, b) => {
    const scaled = tf.mul(gradient, coefficient(sum, b))
    return kernel.shape[1] === scaled.shape[1] ? scaled : tf.sum(scaled, 1, true)
  })
  return [tf.stack(ofGates), ...ofKernels]
}

function compute(sum: Sum): tf.Tensor {
  const { inputs, attributes } = operandsOf(sum)
  return runExtraKernel('FilterSum', inputs, attributes)?.[0] ?? compose(sum)
}

function gradientsOf(dy: tf.Tensor, sum: Sum): Gradients {
  const { inputs, attributes } = operandsOf(sum)
  return runExtraKernel('FilterSumGradient', { dy, ...inputs }, attributes) ?? composeGradient(dy, sum)
}

/**
 * A sum of convolution kernels, each scaled per filter and tap: `y[t, i, o] = Σ_b g[b, o] · p_b[t, o] · x_b[i, t, o]`,
 * with the axis of the taps first, as TensorFlow's kernels have it.
 *
 * @param gates g, `[kernels, out]`
 * @param shape of the result: `[taps, in, out]`, or more axes of taps as in `[k, k, in, out]`; for one input
 * `[k, k, out, 1]` has the same numbers, the kernel of a depthwise convolution
 * @example
 * // all 3, [3, 3, 4, 8]
 * kernelSum(tf.ones([2, 8]), [{ kernel: tf.ones([4, 9, 8]) }, { kernel: tf.fill([4, 1, 8], 2) }], [3, 3, 4, 8])
 */
export function kernelSum(gates: tf.Tensor2D, parts: readonly KernelPart[], shape: readonly number[]): tf.Tensor {
  const kernels = parts.map(({ kernel }) => kernel)
  const profiles = parts.map(({ profile = new Array<number>(tapsOf(shape)).fill(1) }) => profile)
  return customGradient((gates: tf.Tensor2D, ...kernels: tf.Tensor3D[]) => ({
    value: compute({ gates, kernels, profiles, shape }),
    saved: [gates, ...kernels, ...profiles.filter(isTensor)],
    gradients: (dy, [gates, ...rest]) => {
      const constants = rest.slice(kernels.length) as tf.Tensor2D[]
      const again = profiles.map((profile) => (isTensor(profile) ? constants.shift()! : profile))
      const kernelsAgain = rest.slice(0, kernels.length) as tf.Tensor3D[]
      return gradientsOf(dy, { gates, kernels: kernelsAgain, profiles: again, shape })
    },
  }))(gates, ...kernels)
}
