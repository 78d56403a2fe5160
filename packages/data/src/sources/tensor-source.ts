import {
  fillOptions,
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
import { columnOf, mismatch, rankOf, type Column, type ColumnValues } from './columns.ts'
import { isView } from './check-parts.ts'
import { source } from './source.ts'
import { itemKeys } from './source-parts.ts'

/** Tensors by the name of their field. */
type Columns = Readonly<Record<string, Column>>

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

const values = kinds.kind<ColumnValues>(
  'a tensor or a list of numbers',
  (value) => typeof value === 'object' && value !== null && ('shape' in value || 'length' in value),
  'Make a tensor: tf.tensor(values).',
)

const LABELLED_TENSORS = {
  /** `[samples, height, width, channels]`, or lists of numbers: the field `image`, float32 whatever was given. */
  xs: needed(values),
  /**
   * The field `label`: class indices `[samples]`, or one-hot or soft labels `[samples, classes]`, in a tensor of any type or in
   * lists of numbers.
   */
  ys: needed(values),
  /** How many classes there are (default: the width of `ys`; of class indices, whatever the network has). */
  classes: optional(kinds.count),
  /** Further views of the same images by name, in the shape of `xs`: the fields `image/<view>`. */
  views: option(kinds.recordOf(values), {}),
}

/** Images and labels as TensorFlow.js users have them. */
export type LabeledTensors = Given<typeof LABELLED_TENSORS>

/** The columns of a source, and the sizes that some declare. */
interface Table {
  readonly columns: Columns
  readonly sizes: Readonly<Record<string, number>>
  readonly keys?: Readonly<Record<string, Uint32Array>>
}

const NAME = 'tensorSource'

function labelledTable(given: LabeledTensors): Table {
  const { xs, ys, classes, views } = fillOptions(NAME, LABELLED_TENSORS, given)
  const isIndex = rankOf(ys) === 1
  const label = columnOf('label', ys, isIndex ? 'int32' : 'float32')
  const [width] = label.spec.shape
  if (!isIndex && classes !== undefined && classes !== width)
    throw mismatch(`expected ys of ${classes} classes, got ${width}.`, 'Give each sample a share of every class.')
  const further = mapRecord(views, (view) => columnOf('image', view, 'float32'))
  return {
    columns: {
      image: columnOf('image', xs, 'float32'),
      label,
      ...Object.fromEntries(Object.entries(further).map(([view, column]) => [`image/${view}`, column])),
    },
    sizes: isIndex && classes !== undefined ? { label: classes } : {},
  }
}

function fieldTable(given: FieldTensors): Table {
  const { fields, sizes, keys } = fillOptions(NAME, FIELD_TENSORS, given)
  return { columns: mapRecord(fields, (tensor, name) => columnOf(name, tensor)), sizes, ...(keys && { keys }) }
}

/** @throws GpdError `data.mismatch` if the numbers of samples differ */
function countSamples(columns: Columns): number {
  const [first, ...others] = Object.entries(columns).map(([name, { samples }]) => ({ name, samples }))
  if (first === undefined) throw mismatch('expected at least one field, got none.', 'Give fields: { name: tensor }.')
  const other = others.find(({ samples }) => samples !== first.samples)
  if (other === undefined) return first.samples
  const problem = `${first.samples} samples of '${first.name}', but ${other.samples} of '${other.name}'.`
  throw mismatch(problem, 'The first axis of every tensor is the sample.')
}

/** @throws GpdError `data.mismatch` for a view of another shape than its field */
function checkViews(columns: Columns): void {
  for (const [name, view] of Object.entries(columns).filter(([field]) => isView(field))) {
    const [, field, label] = /^(.*?)\/(.*)$/.exec(name)!
    const seen = columns[field!]
    if (seen === undefined || seen.spec.shape.join() === view.spec.shape.join()) continue
    const [expected, found] = [seen, view].map(({ samples, spec }) => `[${[samples, ...spec.shape].join(', ')}]`)
    throw mismatch(`expected the view '${label}' as ${expected}, got ${found}.`, 'A view has the shape of its field.')
  }
}

/**
 * Batches from tensors in memory: `{ xs, ys }` as TensorFlow.js users have them, or any named fields. The caller still owns the
 * tensors.
 *
 * @throws GpdError `data.mismatch` if the numbers of samples differ, a view has another shape than its field, or a size is
 *   given for no int32 field. From `check`: `data.label-range` for an index that is no class, and for shares of classes
 *   that are below 0 or not of sum 1
 * @example tensorSource({ xs: images, ys: labels, classes: 10 })
 * @example tensorSource({ xs: images, ys: tf.oneHot(labels, 10) })
 * @example tensorSource({ fields: { query, document }, sizes: { query: 30_000, document: 30_000 } })
 */
export function tensorSource(data: FieldTensors | LabeledTensors): BatchSource {
  const isNamed = isRecord(data) && 'fields' in data
  const { columns, sizes, keys } = isNamed ? fieldTable(data as FieldTensors) : labelledTable(data as LabeledTensors)
  const size = countSamples(columns)
  checkViews(columns)
  const unknown = Object.keys(sizes).find((name) => !(name in columns))
  if (unknown !== undefined)
    throw mismatch(`a size of '${unknown}', which is no field.`, `There are ${Object.keys(columns).join(', ')}.`)
  const always = Object.fromEntries(Object.entries(columns).filter(([name]) => !isView(name)))
  const sized = (name: string) => (sizes[name] === undefined ? {} : { size: sizes[name] })
  return source({
    size,
    fields: mapRecord(columns, ({ spec }, name): FieldSpec => ({ ...spec, ...sized(name) })),
    keys,
    read(positions, { training }) {
      const rows = tf.tensor1d(Int32Array.from(positions), 'int32')
      const fields = mapRecord(training ? columns : always, (column) => column.read(positions, rows))
      rows.dispose()
      return fields
    },
    entries: mapRecord(columns, (column) => () => column.entries()),
    async contents() {
      const pieces: (string | ArrayBufferView)[] = []
      for (const name of Object.keys(columns).sort()) pieces.push(name, await columns[name]!.entries())
      return pieces
    },
  })
}
