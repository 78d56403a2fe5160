import {
  fillOptions,
  GpdError,
  isRecord,
  kinds,
  mapRecord,
  needed,
  option,
  optional,
  type BatchSource,
  type FieldSpec,
  type Given,
} from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { isView } from './check-parts.ts'
import { source } from './source.ts'
import { itemKeys } from './source-parts.ts'

/** Tensors by the name of their field. */
type Tensors = Readonly<Record<string, tf.Tensor>>

const tensor = kinds.objectWith<tf.Tensor>('a tensor', 'shape', 'dtype')

const FIELD_TENSORS = {
  /** float32 or int32, `[samples, …]`. A further view `<field>/<view>` is in training batches only. */
  fields: needed(kinds.recordOf(tensor)),
  /** Of int32 fields: entries are 0 … size − 1, which is checked (default: any entries). */
  sizes: option(kinds.recordOf(kinds.count), {}),
  /** For fields whose items are not the samples: the number of each sample's item, `[samples]`. */
  keys: optional(itemKeys),
}

export type FieldTensors = Given<typeof FIELD_TENSORS>

const LABELLED_TENSORS = {
  /** `[samples, height, width, channels]`: the field `image` */
  xs: needed(tensor),
  /** Class indices, int32 `[samples]`: the field `label` */
  ys: needed(kinds.objectWith<tf.Tensor1D>('a tensor', 'shape', 'dtype')),
  /** How many classes there are. */
  classes: needed(kinds.count),
  /** Further views of the same images by name, in the shape of `xs`: the fields `image/<view>`. */
  views: option(kinds.recordOf(tensor), {}),
}

/** Images and labels as TensorFlow.js users have them. */
export type LabeledTensors = Given<typeof LABELLED_TENSORS>

const asFields = (given: LabeledTensors): FieldTensors => {
  const { xs, ys, classes, views } = fillOptions('tensorSource', LABELLED_TENSORS, given)
  const further = Object.fromEntries(Object.entries(views).map(([view, tensor]) => [`image/${view}`, tensor]))
  return { fields: { image: xs, label: ys, ...further }, sizes: { label: classes } }
}

const mismatch = (problem: string, fix: string) => new GpdError('data.mismatch', `tensorSource: ${problem}`, fix)

/** @throws GpdError `data.mismatch` if the numbers of samples differ */
function countSamples(tensors: Tensors): number {
  const [first, ...others] = Object.entries(tensors).map(([name, { shape }]) => ({ name, samples: shape[0] ?? 0 }))
  if (first === undefined) throw mismatch('expected at least one field, got none.', 'Give fields: { name: tensor }.')
  const other = others.find(({ samples }) => samples !== first.samples)
  if (other === undefined) return first.samples
  const problem = `${first.samples} samples of '${first.name}', but ${other.samples} of '${other.name}'.`
  throw mismatch(problem, 'The first axis of every tensor is the sample.')
}

/** @throws GpdError `data.mismatch` for a view of another shape than its field */
function checkViews(tensors: Tensors): void {
  for (const [name, view] of Object.entries(tensors).filter(([field]) => isView(field))) {
    const [, field, label] = /^(.*?)\/(.*)$/.exec(name)!
    const seen = tensors[field!]
    if (seen === undefined || seen.shape.join() === view.shape.join()) continue
    const [expected, found] = [seen, view].map(({ shape }) => `[${shape.join(', ')}]`)
    throw mismatch(`expected the view '${label}' as ${expected}, got ${found}.`, 'A view has the shape of its field.')
  }
}

function specOf({ shape, dtype }: tf.Tensor, name: string, size: number | undefined): FieldSpec {
  if (dtype !== 'float32' && dtype !== 'int32')
    throw mismatch(`expected '${name}' as float32 or int32, got ${dtype}.`, 'Use tf.cast.')
  return { shape: shape.slice(1), dtype, ...(size !== undefined && { size }) }
}

/**
 * Batches from tensors in memory: `{ xs, ys, classes }` as TensorFlow.js users have them, or any named fields. The caller
 * still owns the tensors.
 *
 * @throws GpdError `data.mismatch` if the numbers of samples differ, a view has another shape than its field, or a size is
 *   given for no int32 field. From `check`: `data.label-range`
 * @example tensorSource({ xs: images, ys: labels, classes: 10 })
 * @example tensorSource({ fields: { query, document }, sizes: { query: 30_000, document: 30_000 } })
 */
export function tensorSource(data: FieldTensors | LabeledTensors): BatchSource {
  const parts = isRecord(data) && 'fields' in data ? (data as FieldTensors) : asFields(data as LabeledTensors)
  const { fields: tensors, sizes, keys } = fillOptions('tensorSource', FIELD_TENSORS, parts)
  const size = countSamples(tensors)
  checkViews(tensors)
  const unknown = Object.keys(sizes).find((name) => !(name in tensors))
  if (unknown !== undefined)
    throw mismatch(`a size of '${unknown}', which is no field.`, `There are ${Object.keys(tensors).join(', ')}.`)
  const always = Object.fromEntries(Object.entries(tensors).filter(([name]) => !isView(name)))
  return source({
    size,
    fields: mapRecord(tensors, (tensor, name) => specOf(tensor, name, sizes[name])),
    keys,
    read(positions, { training }) {
      const rows = tf.tensor1d(Int32Array.from(positions), 'int32')
      const fields = mapRecord(training ? tensors : always, (tensor) => tf.gather(tensor, rows))
      rows.dispose()
      return fields
    },
    entries: mapRecord(sizes, (_, name) => () => tensors[name]!.data()),
  })
}
