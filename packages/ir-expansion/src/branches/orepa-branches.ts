import * as tf from '@tensorflow/tfjs'
import { axisSize, channelAxis, fixedAxis, inputAxis, outputAxis, tensorOps, type Axis } from '@gpdjs/core'
import type { BranchSite, BranchTensors } from './branch-set.ts'
import { constant, inputsOf, tapsOf, trained, type OrepaBranch, type OrepaVariant } from './orepa-branch.ts'

/** Axes of a full kernel inside a branch. */
function kernelAxes(site: BranchSite): Axis[] {
  const taps = fixedAxis(tapsOf(site))
  return site.depthwise ? [taps, site.output] : [site.input, taps, site.output]
}

/** Axes of a kernel with one number per pair of channels (depthwise: per channel), broadcast over the taps. */
function pairAxes(site: BranchSite): Axis[] {
  return site.depthwise ? [fixedAxis(1), site.output] : [site.input, fixedAxis(1), site.output]
}

const areaFanIn = (site: BranchSite): number => inputsOf(site) * tapsOf(site)

/** The kernel itself. */
export const origin: OrepaBranch = {
  name: 'origin',
  gate: { release: 0.25, original: 0.25 },
  tensors: (site) => ({ origin: trained(kernelAxes(site), areaFanIn(site)) }),
  kernel: (_, { origin }) => origin!,
}

/** A 1×1 convolution followed by a mean over the window: `a[i, o] / taps` at every tap. */
export const average: OrepaBranch = {
  name: 'average',
  gate: { release: 0.25, original: 0.25 },
  tensors: (site) => ({ average: trained(pairAxes(site), inputsOf(site)) }),
  kernel: (_, { average }) => average!,
  profile: (site) => new Array<number>(tapsOf(site)).fill(1 / tapsOf(site)),
}

/**
 * `cos(π (y + ½)(o + 1) / 3)` down the rows for the first half of the filters, along the columns for the second half
 * (`o` counted from its beginning): cosine waves of rising frequency.
 */
function cosineWave(tap: number, filter: number, filters: number, kernelSize: number): number {
  const half = filters / 2
  const [position, frequency] =
    filter < half ? [Math.floor(tap / kernelSize), filter + 1] : [tap % kernelSize, filter + 1 - half]
  return Math.cos((Math.PI * (position + 0.5) * frequency) / 3)
}

/** A 1×1 convolution followed by a fixed frequency filter: `f[i, o] · P[tap, o]`. */
export const prior: OrepaBranch = {
  name: 'prior',
  gate: { release: 0, original: 0 },
  tensors(site) {
    const filters = axisSize(site.output)
    const waves = constant([fixedAxis(tapsOf(site)), channelAxis(site.output.segments)], (tap, filter) =>
      cosineWave(tap, filter, filters, site.kernelSize),
    )
    return { prior: trained(pairAxes(site), inputsOf(site)), frequency: waves }
  },
  kernel: (_, { prior }) => prior!,
  profile: (_, { frequency }) => frequency as tf.Tensor2D,
}

/** How many inner channels a depthwise convolution gets for each of its channels. */
const depthwiseMultiplier = (site: BranchSite, variant: OrepaVariant): number =>
  variant === 'original' && axisSize(site.output) > 4 ? 2 : 1

const started = ({ inner, identity }: BranchTensors): tf.Tensor => tf.add(inner!, identity!)

/** A 1×1 convolution (starting at the identity) before a K×K one: `Σ_m (D + E)[i, m] · B[m, tap, o]`. */
export const expansion: OrepaBranch = {
  name: 'expansion',
  gate: { release: 0.5, original: 0.5 },
  tensors(site, variant) {
    const taps = fixedAxis(tapsOf(site))
    if (site.depthwise) {
      const inner = fixedAxis(depthwiseMultiplier(site, variant))
      const square = [inner, site.output]
      return {
        inner: { axes: square, initializer: { kind: 'constant', value: 0 }, decay: true },
        identity: constant(square, () => 1),
        outer: trained([inner, taps, site.output], axisSize(inner) * tapsOf(site)),
      }
    }
    const square = [inputAxis(site.input.segments), outputAxis(site.input.segments)]
    return {
      inner: { axes: square, initializer: { kind: 'constant', value: 0 }, decay: true },
      identity: constant(square, (i, m) => (i === m ? 1 : 0)),
      outer: trained([site.input, taps, site.output], areaFanIn(site)),
    }
  },
  factors: {
    inner: (tensors) => started(tensors) as tf.Tensor2D,
    outer: ({ outer }) => outer as tf.Tensor3D,
  },
  kernel(site, tensors) {
    const [first, outer] = [started(tensors), tensors['outer']!]
    if (!site.depthwise) return tensorOps.product(first, outer)
    const [middle, , out] = outer.shape as [number, number, number]
    return tf.sum(tf.mul(tf.reshape(first, [middle, 1, out]), outer), 0)
  },
}

/** In the original a 1×1 kernel in the middle of the window with gate 1; in the release a K×K kernel with gate 0.05. */
export const pointwise: OrepaBranch = {
  name: 'pointwise',
  gate: { release: 0.05, original: 1 },
  tensors(site, variant) {
    if (variant === 'release') return { pointwise: trained(kernelAxes(site), areaFanIn(site)) }
    return { pointwise: trained(pairAxes(site), inputsOf(site)) }
  },
  kernel: (_, { pointwise }) => pointwise!,
  profile(site, { pointwise }) {
    const taps = tapsOf(site)
    if (pointwise!.shape[site.depthwise ? 0 : 1] === taps) return undefined
    return Array.from({ length: taps }, (_, tap) => Number(tap === (taps - 1) / 2))
  },
}

/** Inner channels per input channel of the depthwise-separable branch. */
const SEPARABLE = 8

/** A depthwise K×K convolution with 8 filters per channel, then a 1×1 one: `Σ_t d[i, tap, t] · q[i, t, o]`. */
export const separable: OrepaBranch = {
  name: 'separable',
  gate: { release: 0.5, original: 0.5 },
  tensors(site) {
    const [taps, inner] = [fixedAxis(tapsOf(site)), fixedAxis(SEPARABLE)]
    const fanIn = SEPARABLE * inputsOf(site)
    if (site.depthwise) {
      return {
        depthwise: trained([inner, taps, site.output], tapsOf(site)),
        project: trained([inner, fixedAxis(1), site.output], fanIn),
      }
    }
    return {
      depthwise: trained([channelAxis(site.input.segments), taps, inner], tapsOf(site)),
      project: trained([site.input, inner, site.output], fanIn),
    }
  },
  kernel(site, { depthwise, project }) {
    return site.depthwise ? tf.sum(tf.mul(depthwise!, project!), 0) : tensorOps.product(depthwise!, project!, 1)
  },
}
