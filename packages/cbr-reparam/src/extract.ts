import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, mapRecord, needed, option, type Given, type Model, type TensorRecord } from '@gpdjs/core'
import type { Expansion } from '@gpdjs/ir-expansion'
import { gradientScales, studentView } from './student-view.ts'

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

/** `Extractor` as objects of users are checked. */
export const extractorKind = kinds.members<Extractor>('an extractor such as channelBranchReparameterization()', {
  name: needed(kinds.text),
  studentView: needed(kinds.functionOf()),
})

export const CHANNEL_BRANCH_REPARAMETERIZATION_OPTIONS = {
  /** `compensated` undoes that shared tensors get larger gradients from the student (default `reference`). */
  gradientScale: option(gradientScales, 'reference'),
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
