import type * as tf from '@tensorflow/tfjs'
import { axisSize, type Axis, type Initializer, type tensorOps } from '@gpdjs/core'
import type { BranchSite, BranchTensor, BranchTensors } from './branch-set.ts'

/**
 * One branch of OREPA: tensors and the kernel they make.
 *
 * Kernels inside branches have the layout `[in, taps, out]` (depthwise: stored as `[taps, channels]`, one input), so that
 * a matMul over the input channels needs no transposition; the sum of all branches is transposed once.
 */
export interface OrepaBranch {
  readonly name: string
  /** Gate when training from scratch, by variant. */
  readonly gate: Readonly<Record<OrepaVariant, number>>
  tensors(site: BranchSite, variant: OrepaVariant): Record<string, BranchTensor>
  /** `[in, taps, out]`, or `[in, 1, out]` where all taps are alike but for the profile; depthwise without `in`. */
  kernel(site: BranchSite, tensors: BranchTensors): tf.Tensor
  /** The kernel as a product, where it is one (not depthwise): `inner` `[in, middle]`, `outer` `[middle, taps, out]`. */
  readonly factors?: {
    inner(tensors: BranchTensors): tf.Tensor2D
    outer(tensors: BranchTensors): tf.Tensor3D
  }
  /** Factors of the taps, or of each tap and filter, `[taps, out]`. They are constants. Default ones. */
  profile?(site: BranchSite, tensors: BranchTensors): tensorOps.KernelPart['profile']
}

/** `release`: as in the authors' code. `original`: as in Hu et al., "Online Convolutional Re-parameterization", 2022. */
export type OrepaVariant = 'release' | 'original'

/** Uniform in ±√(6 / fanIn) (He et al., 2015, uniform form). */
export const orepaUniform = (fanIn: number): Initializer => ({ kind: 'uniform', limit: Math.sqrt(6 / fanIn) })

export const tapsOf = ({ kernelSize }: BranchSite): number => kernelSize * kernelSize

/** Input channels that one filter reads. */
export const inputsOf = (site: BranchSite): number => axisSize(site.input)

/** A trained tensor with weight decay. */
export const trained = (axes: readonly Axis[], fanIn: number): BranchTensor => ({
  axes,
  initializer: orepaUniform(fanIn),
  decay: true,
})

/** A constant: `value` gives its entries by position. */
export function constant(axes: readonly Axis[], value: (row: number, column: number) => number): BranchTensor {
  return {
    axes,
    initializer: { kind: 'constant', value: 0 },
    decay: false,
    values: ([rows, columns]) =>
      Float32Array.from({ length: rows! * columns! }, (_, at) => value(Math.floor(at / columns!), at % columns!)),
  }
}
