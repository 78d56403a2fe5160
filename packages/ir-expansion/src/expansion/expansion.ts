import type * as tf from '@tensorflow/tfjs'
import {
  mapRecord,
  roleRatio,
  type GroupRatios,
  type Network,
  type ParameterSpec,
  type TensorRecord,
} from '@gpdjs/core'

/**
 * What is trained is `θ = W / s`, where `W` is the tensor the expanded network computes with.
 *
 * - `reference`: `s = Π r over output axes / Π r over input axes`; exactly the tensors that the authors' code stores,
 *   so gradients, weight decay, clipping and learning rate mean the same as there
 * - `balanced`: `s = 1`
 *
 * A parameter of a frozen node has `s = 1 / Π r over input axes` in both.
 */
export type Parameterization = 'reference' | 'balanced'

/** A tensor that training stores in place of (or as a branch of) a parameter, described at the student's size. */
export interface StoredParameter extends ParameterSpec {
  /** Constants (such as a frequency prior, or the kernel of a frozen node) are expanded like everything else but never updated. */
  readonly trainable: boolean
  /**
   * A parameter of a frozen node. No gradient asks for a scale of it, so it is stored as the student uses it: to the last bit at
   * every ratio, where `x / 3 · 3` is not `x`.
   */
  readonly frozen?: true
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

/** What the scale of a stored tensor depends on. */
export type Scaled = Pick<StoredParameter, 'axes' | 'frozen'>

/** `s` of a stored tensor: the expanded network uses `s · θ`. */
export function storageScale(stored: Scaled, { ratios, parameterization }: Expansion): number {
  const inputs = roleRatio(stored.axes, 'input', ratios)
  if (stored.frozen) return 1 / inputs
  return parameterization === 'balanced' ? 1 : roleRatio(stored.axes, 'output', ratios) / inputs
}

/** The student uses this times its leading block of `θ`: `s · Π r over input axes`. */
export function studentScale(stored: Scaled, { ratios, parameterization }: Expansion): number {
  if (stored.frozen) return 1
  return roleRatio(stored.axes, parameterization === 'balanced' ? 'input' : 'output', ratios)
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
