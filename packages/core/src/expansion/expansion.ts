import type * as tf from '@tensorflow/tfjs'
import { roleRatio, type Axis, type GroupRatios } from '../network/axes.ts'
import type { Network } from '../network/network.ts'
import type { ParameterSpec } from '../network/parameters.ts'
import { KERNEL_FACTORS } from '../ops/conv2d.ts'
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

/** A convolution kernel as `weight + inner · outer`. */
export interface KernelParts {
  /** `[k, k, in, out]` */
  readonly weight: tf.Tensor
  /** `[in, middle]` */
  readonly inner: tf.Tensor
  /** `[k, k, middle, out]` */
  readonly outer: tf.Tensor
}

/** A parameter that is computed from several stored tensors, alike at every width. */
export interface BranchMerge {
  /** The plain parameter, `layer1.0.conv1.weight`. */
  readonly parameter: string
  /** The node that declares it. */
  readonly node: string
  /** A bias that the branches bring along; it starts at zero where the plain convolution has none. */
  readonly bias?: string
  /** Stored tensors by the short names that `merge` knows them by. */
  readonly stored: Readonly<Record<string, string>>
  merge(tensors: Readonly<Record<string, tf.Tensor>>): tf.Tensor
  /**
   * The kernel in parts, where running these one after the other takes fewer multiplications than merging them first.
   *
   * @param positions at which the convolution is computed: images of the batch times pixels of its output
   */
  parts?(tensors: Readonly<Record<string, tf.Tensor>>, positions: number): KernelParts | undefined
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

/** What a view's parameters are for, where that is known: so many images, seen by this network. */
export interface ViewUse {
  readonly network: Network
  readonly batch: number
}

/** Images of the batch times pixels that the node of a kernel puts out. */
function positionsOf({ network, batch }: ViewUse, node: string): number {
  const [height, width] = network.shapes[node]!
  return batch * height! * width!
}

/**
 * Replaces the branches in a record of stored tensors by the parameters they merge to, at whatever width they have.
 *
 * @param use given it, kernels may come in parts that only `apply` understands
 */
export function mergeBranches(expansion: Expansion, stored: TensorRecord, use?: ViewUse): Record<string, tf.Tensor> {
  const branches = new Set(expansion.merges.flatMap((merge) => Object.values(merge.stored)))
  const plain = Object.entries(stored).filter(([name]) => !branches.has(name))
  const merged = expansion.merges.flatMap(({ parameter, node, stored: names, merge, parts }) => {
    const tensors = mapRecord(names, (name) => stored[name]!)
    const found = use && parts?.(tensors, positionsOf(use, node))
    if (!found) return [[parameter, merge(tensors)] as const]
    const { weight, inner, outer } = found
    return Object.entries({ weight, [KERNEL_FACTORS.inner]: inner, [KERNEL_FACTORS.outer]: outer }).map(
      ([short, tensor]) => [`${node}.${short}`, tensor] as const,
    )
  })
  return Object.fromEntries([...plain, ...merged])
}
