import * as tf from '@tensorflow/tfjs'
import { axisSize, fanInUniform, fixedAxis, GpdError, zeros } from '@gpdjs/core'
import type { BranchSet } from './branch-set.ts'

export interface LowRankOptions {
  /** Columns of `A` and rows of `B`: an integer ≥ 1. */
  readonly rank: number
  /** The product counts `alpha / rank`. A finite number. Default: the rank, a factor of 1. */
  readonly alpha?: number
  /** Which layers, by node id. Default all dense layers and 1×1 convolutions without groups. */
  readonly layers?: (node: string) => boolean
}

function checked({ rank, alpha = rank }: LowRankOptions): { rank: number; alpha: number } {
  if (!Number.isInteger(rank) || rank < 1) {
    throw new GpdError(
      'config.invalid',
      `lowRank: rank: expected a positive integer, got ${String(rank)}.`,
      'Use a small one, such as 4 or 8.',
    )
  }
  if (!Number.isFinite(alpha))
    throw new GpdError('config.invalid', `lowRank: alpha: expected a finite number, got ${String(alpha)}.`)
  return { rank, alpha }
}

/**
 * A kernel with an adapter of low rank beside it: `W + (alpha / rank) · A · B`.
 *
 * Stored are `origin` (W, the given kernel), `down` (A `[in, rank]`, uniform in ±√(1 / in) as in the authors' code) and
 * `up` (B `[rank, out]`, zeros), so that the function is kept bit for bit until B moves. With `train: 'branches'` only A
 * and B are trained.
 *
 * @throws GpdError `config.invalid` unless the rank is a positive integer and alpha finite
 * @example inverseReparameterization({ ratio: 1, branches: lowRank({ rank: 8 }), train: 'branches' })
 * @see Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022
 */
export function lowRank(options: LowRankOptions): BranchSet {
  const { rank, alpha } = checked(options)
  const { layers = () => true } = options
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
