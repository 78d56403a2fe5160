import * as tf from '@tensorflow/tfjs'
import {
  axesShape,
  checkArgument,
  isPlainAxis,
  kinds,
  mapRecord,
  roleRatio,
  tensorOps,
  type Axis,
  type TensorRecord,
} from '@gpdjs/core'
import { mergeBranches, studentScale, type Expansion, type StoredParameter } from '@gpdjs/ir-expansion'
import { leadingBlock } from './leading-block.ts'

/**
 * What the student's loss does to the shared tensors.
 *
 * - `reference`: the chain rule, as in the authors' code. At equal loss the student's gradient is then `r²` (interior
 *   kernels) or `r` (first and last layer, norms) times the dynamic teacher's: a hidden change of learning rate
 * - `compensated`: divided by exactly that factor
 */
export type GradientScale = 'reference' | 'compensated'

export const gradientScales = kinds.oneOf<GradientScale>('reference', 'compensated')

/** The same value; its gradient is multiplied by `factor`. */
function scaleGradient(x: tf.Tensor, factor: number): tf.Tensor {
  if (factor === 1) return x
  const scaled = tf.customGrad((input) => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.mul(dy, factor),
  }))
  return scaled(x)
}

/** `r_in · r_out · r_channel`: by how much the student's gradient outweighs the dynamic teacher's. */
function gradientRatio(axes: readonly Axis[], { ratios }: Expansion): number {
  return roleRatio(axes, 'input', ratios) * roleRatio(axes, 'output', ratios) * roleRatio(axes, 'channel', ratios)
}

/** The student's part of some stored tensors, rescaled, by one operation. */
function plainBlocks(expansion: Expansion, stored: TensorRecord, parameters: readonly StoredParameter[]) {
  const blocks = tensorOps.leadingBlocks(
    parameters.map((parameter) => ({
      tensor: stored[parameter.name]!,
      size: axesShape(parameter.axes),
      scale: studentScale(parameter, expansion),
    })),
  )
  return parameters.map(({ name }, i) => [name, blocks[i]!] as const)
}

/** The student's part of every stored tensor, rescaled. */
function leadingBlocks(expansion: Expansion, stored: TensorRecord): Record<string, tf.Tensor> {
  const plain = expansion.stored.filter(({ axes }) => axes.every(isPlainAxis))
  const others = expansion.stored.filter((parameter) => !plain.includes(parameter))
  return Object.fromEntries([
    ...plainBlocks(
      expansion,
      stored,
      plain.filter(({ trainable }) => trainable),
    ),
    // By an operation of their own: it has no trained input, so no gradient is computed for constants.
    ...plainBlocks(
      expansion,
      stored,
      plain.filter(({ trainable }) => !trainable),
    ),
    ...others.map((parameter) => {
      const { name, axes } = parameter
      const block = leadingBlock(stored[name]!, axes, expansion.ratios)
      const scale = studentScale(parameter, expansion)
      return [name, scale === 1 ? block : tf.mul(block, scale)] as const
    }),
  ])
}

/**
 * Channel-Branch Reparameterization: the student's parameters, read off the stored tensors of its dynamic teacher.
 * The leading block of every tensor, rescaled, then the branches merged. Differentiable.
 *
 * @param stored one tensor for each entry of `expansion.stored`
 * @returns parameters of `expansion.student`
 * @throws GpdError `config.invalid` for another scale
 * @see Guo et al., "Gap Preserving Distillation …", ICLR 2025, section 3.3
 */
export function studentView(
  expansion: Expansion,
  stored: TensorRecord,
  gradientScale: GradientScale = 'reference',
): Record<string, tf.Tensor> {
  checkArgument('studentView', 'gradientScale', gradientScales, gradientScale)
  const own = leadingBlocks(expansion, stored)
  if (gradientScale === 'reference') return mergeBranches(expansion, own)
  const specs = new Map(expansion.stored.map((parameter) => [parameter.name, parameter]))
  const compensated = mapRecord(own, (tensor, name) =>
    scaleGradient(tensor, 1 / gradientRatio(specs.get(name)!.axes, expansion)),
  )
  return mergeBranches(expansion, compensated)
}
