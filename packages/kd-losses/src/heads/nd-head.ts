import type * as tf from '@tensorflow/tfjs'
import { dropout, type ParameterSpec, type RandomStream, type TensorRecord } from '@gpdjs/core'
import { applyOp, headOf, linear, linearSpecs, normalizeBatch, normSpecs, type HeadOf } from './heads.ts'

const NAME = 'projector'
/** Share of the features that is dropped before the linear map. */
const RATE = 0.5

/** From the student's width to the teacher's: batch normalization, dropout, a linear map. */
export const widthSpecs = (from: number, to: number): ParameterSpec[] => [
  ...normSpecs(`${NAME}.norm`, from),
  ...linearSpecs(`${NAME}.linear`, from, to),
]

/**
 * `dropout(BN(x)) W + b`. In training mode always: nothing but the loss looks through it.
 *
 * @param x `[batch, from]`
 * @returns `[batch, to]`
 */
export function matchWidth(
  where: string,
  x: tf.Tensor2D,
  heads: TensorRecord | undefined,
  random: () => RandomStream,
): tf.Tensor2D {
  const head: HeadOf = (name) => headOf(where, heads, `${NAME}.${name}`)
  const normal = normalizeBatch(x, head('norm.weight'), head('norm.bias'))
  return linear(applyOp(dropout, { rate: RATE }, normal, {}, random) as tf.Tensor2D, 'linear', head)
}
