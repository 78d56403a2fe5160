import { fillOptions, isRecord, needed, type BatchSource, type Kind } from '@gpdjs/core'
import { tensorSource, type LabeledTensors } from '@gpdjs/data'

/** What data are given as: a source, or `{ xs, ys }` as `model.fit` takes them. */
export type GivenData = BatchSource | LabeledTensors

const isSource = (value: unknown): value is BatchSource =>
  typeof value === 'object' && value !== null && 'size' in value && 'batches' in value

const isLabelled = (value: unknown): value is LabeledTensors => isRecord(value) && 'xs' in value && 'ys' in value

export const sources: Kind<BatchSource, GivenData> = {
  expected: ['a source such as imageSource(set)', '{ xs, ys }'],
  read: (value) => (isSource(value) ? value : isLabelled(value) ? tensorSource(value) : undefined),
  fix: 'Use imageSource(set) for images, tensorSource({ fields }) for tensors; of a tf.data.Dataset make tensors, or a source().',
}

/**
 * Data as a source.
 *
 * @param where the function that takes them
 * @throws GpdError `config.invalid`; what `tensorSource` throws
 */
export const sourceOf = (where: string, data: GivenData): BatchSource =>
  fillOptions(where, { data: needed(sources) }, { data }).data
