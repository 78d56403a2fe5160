import type * as tf from '@tensorflow/tfjs'
import {
  axisSize,
  findOp,
  kinds,
  needed,
  optional,
  type Axis,
  type Initializer,
  type NetworkNode,
  type ParameterSpec,
} from '@gpdjs/core'

/** A kernel that may be given branches: of a convolution, or of a dense layer. */
export interface BranchSite {
  readonly node: NetworkNode
  readonly weight: ParameterSpec
  /** True for one filter per channel: then there is no input axis to sum over, and `output` runs over the channels. */
  readonly depthwise: boolean
  /** Side of the square window; 1 for a dense layer, whose kernel `[in, out]` has no window axes. */
  readonly kernelSize: number
  /** Short names of tensors that the op takes beside its parameters: see `BranchSet.factors`. */
  readonly optional: readonly string[]
  readonly input: Axis
  readonly output: Axis
}

/** A tensor that a branch stores, at the student's size. */
export interface BranchTensor {
  readonly axes: readonly Axis[]
  readonly initializer: Initializer
  readonly decay: boolean
  /** Given for constants, which are expanded like the rest but never trained: the values in row-major order. */
  readonly values?: (shape: readonly number[]) => Float32Array
  /** False for a constant that `fromKernel` gives. Default: trained, unless there are `values`. */
  readonly trainable?: false
  /** True for what branches stand beside: the given kernel. Under `train: 'branches'` it is a constant. */
  readonly base?: true
}

/** Tensors of one site by their short names. */
export type BranchTensors = Readonly<Record<string, tf.Tensor>>

/**
 * A way to build a kernel from several tensors. A plugin of the expansion: `orepa()` and `lowRank()` are two, and others
 * can be written. Everything else (expansion, the two views, extraction) follows from the labeled axes.
 */
export interface BranchSet {
  readonly name: string
  /** Whether layers that get branches also get a bias, in the student too. */
  readonly useBias: boolean
  accepts(site: BranchSite): boolean
  tensors(site: BranchSite): Record<string, BranchTensor>
  /** The kernel, in the layout of the plain parameter. Must work at every width: read sizes off the tensors. */
  merge(site: BranchSite, tensors: BranchTensors): tf.Tensor
  /**
   * Factors of the kernel, where it takes fewer multiplications to run them one after the other than to merge them: by
   * the short names that the op declares as `optional` (conv2d computes `weight + weight/inner · weight/outer`). Default:
   * always merged.
   *
   * @param positions at which the kernel is applied: rows of the batch times pixels or tokens
   */
  factors?(site: BranchSite, tensors: BranchTensors, positions: number): Record<string, tf.Tensor> | undefined
  /** Tensors that start from a given kernel instead of being drawn. */
  fromKernel(site: BranchSite, kernel: tf.Tensor): Record<string, tf.Tensor>
}

/** `BranchSet` as objects of users are checked. */
export const branchSetKind = kinds.members<BranchSet>('a set of branches such as orepa()', {
  name: needed(kinds.text),
  useBias: needed(kinds.flag),
  accepts: needed(kinds.functionOf()),
  tensors: needed(kinds.functionOf()),
  merge: needed(kinds.functionOf()),
  factors: optional(kinds.functionOf()),
  fromKernel: needed(kinds.functionOf()),
})

/** Side of a window with these axes: 1 for none, nothing for one that is not square. */
function sideOf(window: readonly Axis[]): number | undefined {
  if (window.length === 0) return 1
  const [height, width] = window.map(axisSize)
  return window.length === 2 && height === width ? height : undefined
}

/**
 * The site of a node's kernel, derived from its axes: `[…window, input, output]` or, for one filter per channel,
 * `[…window, channel, 1]`, with two equal window axes or none. Nothing for parameters of another form.
 */
export function branchSite(node: NetworkNode, weight: ParameterSpec): BranchSite | undefined {
  const at = weight.axes.findIndex(({ role }) => role !== 'fixed')
  const kernelSize = sideOf(weight.axes.slice(0, at))
  const [third, fourth, ...more] = weight.axes.slice(at)
  if (kernelSize === undefined || third === undefined || fourth === undefined || more.length > 0) return undefined
  const shared = { node, weight, kernelSize, optional: findOp(node.op).optional ?? [] }
  const roles = `${third.role} ${fourth.role}`
  if (roles === 'input output') return { ...shared, depthwise: false, input: third, output: fourth }
  if (roles === 'channel fixed' && axisSize(fourth) === 1)
    return { ...shared, depthwise: true, input: fourth, output: third }
  return undefined
}

/** Stride 1 and "same" padding: where the authors put branches. */
export function keepsSize({ node, kernelSize }: BranchSite): boolean {
  const { strides = 1, padding = 'same' } = node.attributes
  return strides === 1 && (padding === 'same' || padding === (kernelSize - 1) / 2)
}
