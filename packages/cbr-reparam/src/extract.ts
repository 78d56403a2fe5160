import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, mapRecord, option, type Given, type Model, type TensorRecord } from '@gpdjs/core'
import type { Expansion } from '@gpdjs/ir-expansion'
import { studentView, type GradientScale } from './student-view.ts'

/**
 * Takes the student out of its dynamic teacher: a plain network with plain parameters, bit for bit what the student
 * computed during training.
 *
 * @param statistics the student's own batch-norm moments
 * @returns new tensors, owned by the caller
 * @example const logits = predict(extractStudent(expansion, stored, statistics), images)
 */
export function extractStudent(expansion: Expansion, stored: TensorRecord, statistics: TensorRecord): Model {
  const tensors = tf.tidy(() => ({
    parameters: mapRecord(studentView(expansion, stored), (tensor) => tf.clone(tensor)),
    statistics: mapRecord(statistics, (tensor) => tf.clone(tensor)),
  }))
  return { network: expansion.student, ...tensors }
}

/**
 * The way back from a dynamic teacher to its student, with its options filled in. `channelBranchReparameterization` makes
 * one; `dynamicTeacher` takes any.
 */
export interface Extractor {
  readonly name: string
  /** Parameters of the student, differentiable in the stored tensors. */
  studentView(expansion: Expansion, stored: TensorRecord): Record<string, tf.Tensor>
}

export const CHANNEL_BRANCH_REPARAMETERIZATION_OPTIONS = {
  /** `compensated` undoes that shared tensors get larger gradients from the student (default `reference`). */
  gradientScale: option(kinds.oneOf<GradientScale>('reference', 'compensated'), 'reference'),
}

export type ChannelBranchReparameterizationOptions = Given<typeof CHANNEL_BRANCH_REPARAMETERIZATION_OPTIONS>

/**
 * Channel-Branch Reparameterization as a part of a pipeline.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 */
export function channelBranchReparameterization(options: ChannelBranchReparameterizationOptions = {}): Extractor {
  const filled = fillOptions('channelBranchReparameterization', CHANNEL_BRANCH_REPARAMETERIZATION_OPTIONS, options)
  return {
    name: 'channel-branch-reparameterization',
    studentView: (expansion, stored) => studentView(expansion, stored, filled.gradientScale),
  }
}
