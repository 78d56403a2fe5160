import { checkArgument, isRecord, sourceKind, type BatchSource, type Kind } from '@gpdjs/core'
import { tensorSource, type LabeledTensors } from '@gpdjs/data'

/** What data are given as: a source, or `{ xs, ys }` as `model.fit` takes them. */
export type GivenData = BatchSource | LabeledTensors

const isLabelled = (value: unknown): value is LabeledTensors => isRecord(value) && 'xs' in value && 'ys' in value

/** A tf.data.Dataset, whose `batch` is not a mistyped `batches`. */
const isDataset = (value: unknown): boolean => typeof value === 'object' && value !== null && 'forEachAsync' in value

export const sources: Kind<BatchSource, GivenData> = {
  expected: [...sourceKind.expected, '{ xs, ys }'],
  read(value, place) {
    if (isLabelled(value)) return tensorSource(value)
    return isDataset(value) ? undefined : sourceKind.read(value, place)
  },
  fix: 'Use imageSource(set) for images, tensorSource({ fields }) for tensors; of a tf.data.Dataset make tensors, or a source().',
}

/**
 * Data as a source.
 *
 * @param where the function that takes them
 * @throws GpdError `config.invalid`; what `tensorSource` throws
 */
export const sourceOf = (where: string, data: GivenData): BatchSource => checkArgument(where, 'data', sources, data)
