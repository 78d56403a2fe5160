import type * as tf from '@tensorflow/tfjs'
import { roleRatio, type Axis, type GroupRatios } from '../network/axes.ts'
import type { Network } from '../network/network.ts'
import type { ParameterSpec } from '../network/parameters.ts'
import { mapRecord, type TensorRecord } from '../tensor-ops/tensor-record.ts'

/**
 * What is trained is `θ = W / s`, where `W` is the tensor the expanded network computes with.
 *
 * - `reference`: `s = Π r over output axes / Π r over input axes`; exactly the tensors that the authors' code stores,
 *   so gradients, weight decay, clipping and learning rate mean the same as there
 * - `balanced`: `s = 1`
 */
export type Parameterization = 'reference' | 'balanced'

/** A tensor that training stores in place of (or as a branch of) a parameter, described at the student's size. */
export interface StoredParameter extends ParameterSpec {
  /** Constants (such as a frequency prior) are expanded like everything else but never updated. */
  readonly trainable: boolean
  /** Values of a constant, given its shape. */
  readonly values?: (shape: readonly number[]) => Float32Array
}

/** A parameter that is computed from several stored tensors, alike at every width. */
export interface BranchMerge {
  /** The plain parameter, `layer1.0.conv1.weight`. */
  readonly parameter: string
  /** A bias that the branches bring along; it starts at zero where the plain convolution has none. */
  readonly bias?: string
  /** Stored tensors by the short names under which `merge` takes them. */
  readonly stored: Readonly<Record<string, string>>
  /**
   * Parameters of the node, by full name: the one that the tensors make or, where that takes fewer multiplications,
   * factors of it that the node's op runs one after the other.
   *
   * @param batch rows that the parameters are used for. Default: always one tensor
   */
  merge(tensors: Readonly<Record<string, tf.Tensor>>, batch?: number): Record<string, tf.Tensor>
  /** Stored tensors (short names) that begin from an existing kernel; the others are drawn. */
  fromKernel(kernel: tf.Tensor): Record<string, tf.Tensor>
}

/**
 * How one set of stored tensors is two networks at once: the student and a wider, branched one.
 * Pure data; the two views are functions of it (`teacherView` and `studentView`).
 */
export interface Expansion {
  /** The plain student: what is extracted in the end. */
  readonly student: Network
  /** The plain wide network that the dynamic teacher computes with. */
  readonly teacher: Network
  readonly ratios: GroupRatios
  readonly parameterization: Parameterization
  readonly stored: readonly StoredParameter[]
  readonly merges: readonly BranchMerge[]
}

/** `s` of a stored tensor: the expanded network uses `s · θ`. */
export function storageScale(axes: readonly Axis[], { ratios, parameterization }: Expansion): number {
  return parameterization === 'balanced' ? 1 : roleRatio(axes, 'output', ratios) / roleRatio(axes, 'input', ratios)
}

/** The student uses this times its leading block of `θ`: `s · Π r over input axes`. */
export function studentScale(axes: readonly Axis[], { ratios, parameterization }: Expansion): number {
  return roleRatio(axes, parameterization === 'balanced' ? 'input' : 'output', ratios)
}

/**
 * Replaces the branches in a record of stored tensors by the parameters they merge to, at whatever width they have.
 *
 * @param batch rows that the parameters are used for by `apply`; kernels may then come in factors. Default: all merged
 */
export function mergeBranches(expansion: Expansion, stored: TensorRecord, batch?: number): Record<string, tf.Tensor> {
  const branches = new Set(expansion.merges.flatMap((merge) => Object.values(merge.stored)))
  const plain = Object.fromEntries(Object.entries(stored).filter(([name]) => !branches.has(name)))
  const merged = expansion.merges.map(({ stored: names, merge }) =>
    merge(
      mapRecord(names, (name) => stored[name]!),
      batch,
    ),
  )
  return Object.assign(plain, ...merged) as Record<string, tf.Tensor>
}
