import * as tf from '@tensorflow/tfjs'
import {
  channelAxis,
  fillOptions,
  fixedAxis,
  GpdError,
  kinds,
  option,
  optional,
  tensorOps,
  type Given,
} from '@gpdjs/core'
import { keepsSize, type BranchSet, type BranchSite, type BranchTensor, type BranchTensors } from './branch-set.ts'
import { average, expansion, origin, pointwise, prior, separable } from './orepa-branches.ts'
import type { OrepaBranch, OrepaVariant } from './orepa-branch.ts'

/** In the order in which a branch count takes them. */
const BRANCHES: readonly OrepaBranch[] = [origin, average, prior, expansion, pointwise, separable]

const NAMES = ['origin', 'average', 'prior', 'expansion', 'pointwise', 'separable'] as const

const branchNames = kinds.oneOf(...NAMES)
const branchCounts = kinds.number(
  `1 to ${NAMES.length}`,
  (value) => Number.isInteger(value) && value >= 1 && value <= NAMES.length,
)

export type OrepaBranchName = (typeof NAMES)[number]

export const OREPA_OPTIONS = {
  /**
   * How many of `origin`, `average`, `prior`, `expansion`, `pointwise`, `separable`, or a list of them with `origin` among them
   * (default 6).
   */
  branches: option(kinds.either(kinds.listOf(branchNames, { expected: 'a list of names' }), branchCounts), 6),
  /**
   * Where the gates start. `scratch`: all branches contribute, so the student begins as a different (branched) function
   * than the kernel it came from. `single`: only `origin` does, so the function is kept: for fine-tuning
   * (default `scratch`).
   */
  gates: option(kinds.oneOf('scratch', 'single'), 'scratch'),
  /** `release`: as the authors of GPD run it. `original`: as OREPA was published (default `release`). */
  variant: option(kinds.oneOf<OrepaVariant>('release', 'original'), 'release'),
  /**
   * Whether branched convolutions get a bias, as the authors' do. A batch norm behind it makes it idle, and without
   * it the extracted student is exactly the network that went in (default false).
   */
  bias: option(kinds.flag, false),
  /** Which convolutions, by node id (default: all with a 3×3 kernel, stride 1 and "same" padding). */
  layers: optional(kinds.functionOf<(node: string) => boolean>()),
}

export type OrepaOptions = Given<typeof OREPA_OPTIONS>

function chooseBranches(wanted: number | readonly OrepaBranchName[]): readonly OrepaBranch[] {
  if (typeof wanted === 'number') return BRANCHES.slice(0, wanted)
  if (!wanted.includes('origin') || new Set(wanted).size !== wanted.length) {
    throw new GpdError(
      'config.invalid',
      `orepa: branches: expected different names with 'origin' among them, got ${wanted.join(', ') || 'none'}.`,
    )
  }
  return BRANCHES.filter((_, i) => wanted.includes(NAMES[i]!))
}

/** `[in, taps, out]` ⇄ `[k, k, in, out]`; depthwise `[taps, channels]` ⇄ `[k, k, channels, 1]`. */
function fromHwio({ depthwise }: BranchSite, kernel: tf.Tensor): tf.Tensor {
  const [height, width, input, output] = kernel.shape as [number, number, number, number]
  if (depthwise) return tf.reshape(kernel, [height * width, input])
  return tf.transpose(tf.reshape(kernel, [height * width, input, output]), [1, 0, 2])
}

/** A depthwise kernel has one input. */
const oneOrMoreInputs = (kernel: tf.Tensor): tf.Tensor3D =>
  kernel.rank === 3 ? (kernel as tf.Tensor3D) : (tf.expandDims(kernel, 0) as tf.Tensor3D)

/** Some of the branches and what they add to the kernel, by their places in the set. */
type Kernels = ReadonlyMap<number, tf.Tensor>

const kernelsOf = (site: BranchSite, branches: readonly OrepaBranch[], tensors: BranchTensors): Kernels =>
  new Map(branches.map((branch, i) => [i, branch.kernel(site, tensors)]))

/** Each kernel by its gate and its profile, added up: in the layout of the convolution. */
function sumOf(
  site: BranchSite,
  branches: readonly OrepaBranch[],
  kernels: Kernels,
  tensors: BranchTensors,
): tf.Tensor {
  const parts = [...kernels].map(([i, kernel]): tensorOps.KernelPart => {
    const profile = branches[i]!.profile?.(site, tensors)
    return { kernel: oneOrMoreInputs(kernel), ...(profile && { profile }) }
  })
  const all = tensors['gates'] as tf.Tensor2D
  const gates = kernels.size === branches.length ? all : rowsOf(all, [...kernels.keys()])
  const [inputs, , out] = parts[0]!.kernel.shape
  const { kernelSize: k } = site
  return tensorOps.kernelSum(gates, parts, [k, k, ...(site.depthwise ? [out, 1] : [inputs, out])])
}

function rowsOf(x: tf.Tensor2D, rows: readonly number[]): tf.Tensor2D {
  const all = tf.unstack(x)
  return tf.stack(rows.map((row) => all[row]!)) as tf.Tensor2D
}

/** Multiplications of a product that is merged into one kernel, and of its factors one after the other. */
function multiplications([inputs, taps, filters]: readonly number[], positions: number) {
  const square = inputs! * inputs!
  return { merged: square * taps! * filters!, apart: positions * (square + inputs! * taps! * filters!) }
}

/**
 * The branches of OREPA: a kernel is the sum of up to six kernels, each scaled per output channel by a gate.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid` for a count or name that does not exist
 * @example inverseReparameterization({ ratio: 2, branches: orepa() })
 * @see Hu et al., "Online Convolutional Re-parameterization", CVPR 2022; Guo et al., ICLR 2025 (gates, release variant)
 */
export function orepa(options: OrepaOptions = {}): BranchSet {
  const { gates, variant, bias, layers = () => true, ...given } = fillOptions('orepa', OREPA_OPTIONS, options)
  const branches = chooseBranches(given.branches)
  const gateValues = branches.map(({ name, gate }) => (gates === 'scratch' ? gate[variant] : Number(name === 'origin')))

  const gateTensor = (site: BranchSite): BranchTensor => ({
    axes: [fixedAxis(branches.length), channelAxis(site.output.segments)],
    initializer: { kind: 'constant', value: 1 },
    decay: false,
  })
  return {
    name: 'orepa',
    useBias: bias,
    accepts: (site) => site.kernelSize === 3 && keepsSize(site) && layers(site.node.id),
    tensors: (site) =>
      Object.assign({ gates: gateTensor(site) }, ...branches.map((branch) => branch.tensors(site, variant))) as Record<
        string,
        BranchTensor
      >,
    merge: (site, tensors) => sumOf(site, branches, kernelsOf(site, branches, tensors), tensors),
    factors(site, tensors, positions) {
      const at = branches.findIndex(({ factors }) => factors !== undefined)
      const product = branches[at]?.factors
      if (product === undefined || !site.optional.includes('weight/inner')) return undefined
      const outer = product.outer(tensors)
      const { merged, apart } = multiplications(outer.shape, positions)
      if (apart >= merged) return undefined
      const others = branches.flatMap((branch, i) => (i === at ? [] : [[i, branch.kernel(site, tensors)] as const]))
      return {
        weight: sumOf(site, branches, new Map(others), tensors),
        'weight/inner': product.inner(tensors),
        'weight/outer': sumOf(site, branches, new Map([[at, outer]]), tensors),
      }
    },
    fromKernel(site, kernel) {
      const filters = kernel.shape[site.depthwise ? 2 : 3]!
      const rows = gateValues.map((value) => new Array<number>(filters).fill(value))
      return { origin: fromHwio(site, kernel), gates: tf.tensor2d(rows) }
    },
  }
}
