import type * as tf from '@tensorflow/tfjs'
import type { Axis, Initializer, KernelParts, NetworkNode, ParameterSpec } from '@gpdjs/core'

/** A convolution that may be given branches. */
export interface BranchSite {
  readonly node: NetworkNode
  readonly weight: ParameterSpec
  /** True for one filter per channel: then there is no input axis to sum over, and `output` runs over the channels. */
  readonly depthwise: boolean
  readonly kernelSize: number
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
}

/** Tensors of one site by their short names. */
export type BranchTensors = Readonly<Record<string, tf.Tensor>>

/**
 * A way to build a convolution kernel from several tensors. A plugin of the expansion: `orepa()` is one, anybody can
 * write another. Everything else (expansion, the two views, extraction) follows from the labelled axes.
 */
export interface BranchSet {
  readonly name: string
  /** Whether convolutions that get branches also get a bias, in the student too. */
  readonly useBias: boolean
  accepts(site: BranchSite): boolean
  tensors(site: BranchSite): Record<string, BranchTensor>
  /** The kernel, in the layout of the plain parameter. Must work at every width: read sizes off the tensors. */
  merge(site: BranchSite, tensors: BranchTensors): tf.Tensor
  /**
   * The kernel as `weight + inner · outer`, where at so many positions it takes fewer multiplications to run the factors
   * one after the other than to merge them. Default: always merged.
   */
  parts?(site: BranchSite, tensors: BranchTensors, positions: number): KernelParts | undefined
  /** Tensors that start from a given kernel instead of being drawn. */
  fromKernel(site: BranchSite, kernel: tf.Tensor): Record<string, tf.Tensor>
}

/** The site of a node's kernel, or nothing if the node is no convolution that branches can stand for. */
export function branchSite(node: NetworkNode, weight: ParameterSpec): BranchSite | undefined {
  const kernelSize = node.attributes['kernelSize'] as number
  const [, , third, fourth] = weight.axes as [Axis, Axis, Axis, Axis]
  if (node.op === 'depthwiseConv2d') return { node, weight, depthwise: true, kernelSize, input: fourth, output: third }
  if (node.op === 'conv2d' && node.attributes['groups'] === 1) {
    return { node, weight, depthwise: false, kernelSize, input: third, output: fourth }
  }
  return undefined
}

/** Stride 1 and "same" padding: where the authors put branches. */
export function keepsSize({ node, kernelSize }: BranchSite): boolean {
  const { strides, padding } = node.attributes
  return strides === 1 && (padding === 'same' || padding === (kernelSize - 1) / 2)
}
