import * as tf from '@tensorflow/tfjs'
import { axisSize, fanInUniform, fillOptions, fixedAxis, kinds, needed, optional, zeros, type Given } from '@gpdjs/core'
import type { BranchSet } from './branch-set.ts'

const OPTIONS = {
  /** Columns of `A` and rows of `B`; usually few, such as 4 or 8. */
  rank: needed(kinds.count),
  /** The product counts `alpha / rank` (default: the rank, a factor of 1). */
  alpha: optional(kinds.number('a finite number', Number.isFinite)),
  /** Which layers, by node id (default: all dense layers and 1×1 convolutions without groups). */
  layers: optional(kinds.functionOf<(node: string) => boolean>()),
}

export type LowRankOptions = Given<typeof OPTIONS>

/**
 * A kernel with an adapter of low rank beside it: `W + (alpha / rank) · A · B`.
 *
 * Stored are `origin` (W, the given kernel), `down` (A `[in, rank]`, uniform in ±√(1 / in) as in the authors' code) and
 * `up` (B `[rank, out]`, zeros), so that the function is kept bit for bit until B moves. With `train: 'branches'` only A
 * and B are trained.
 *
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`
 * @example inverseReparameterization({ ratio: 1, branches: lowRank({ rank: 8 }), train: 'branches' })
 * @see Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022
 */
export function lowRank(options: LowRankOptions): BranchSet {
  const { rank, layers = () => true, ...given } = fillOptions('lowRank', OPTIONS, options)
  const { alpha = rank } = given
  return {
    name: 'low-rank',
    useBias: false,
    accepts: (site) => site.kernelSize === 1 && !site.depthwise && layers(site.node.id),
    tensors: ({ weight, input, output }) => ({
      origin: { axes: weight.axes, initializer: weight.initializer, decay: weight.decay, base: true },
      down: { axes: [input, fixedAxis(rank)], initializer: fanInUniform(axisSize(input)), decay: true },
      up: { axes: [fixedAxis(rank), output], initializer: zeros, decay: true },
    }),
    merge(_, { origin, down, up }) {
      const product = tf.matMul(down as tf.Tensor2D, up as tf.Tensor2D)
      return tf.add(origin!, tf.reshape(tf.mul(product, alpha / rank), origin!.shape))
    },
    fromKernel: (_, kernel) => ({ origin: kernel }),
  }
}
