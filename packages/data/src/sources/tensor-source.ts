import { GpdError, type BatchSource, type FieldSpec } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { source } from './source.ts'

/** Tensors by the name of their field; the first axis of each is the sample. */
type Tensors = Readonly<Record<string, tf.Tensor>>

export interface FieldTensors {
  readonly fields: Tensors
  /** Of int32 fields: entries are 0 … size − 1. Checked where it is given. */
  readonly sizes?: Readonly<Record<string, number>>
  /** For fields whose items are not the samples: the item of each sample. */
  readonly keys?: Readonly<Record<string, Uint32Array>>
  /** Fields that only training batches have. Default none. */
  readonly trainingOnly?: readonly string[]
}

/** Images and labels as TensorFlow.js users have them. */
export interface LabelledTensors {
  /** `[samples, height, width, channels]`: the field `image` */
  readonly xs: tf.Tensor
  /** Class indices, int32 `[samples]`: the field `label` */
  readonly ys: tf.Tensor1D
  readonly classes: number
  /** Further views of the same images by name, in the shape of `xs`: the fields `image/<view>`, in training only. */
  readonly views?: Readonly<Record<string, tf.Tensor>>
}

/** @throws GpdError `data.label-range` with the first entry that is out of range */
async function checkRange(field: string, tensor: tf.Tensor, size: number): Promise<void> {
  const entries = await tensor.data()
  const index = entries.findIndex((entry) => !Number.isInteger(entry) || entry < 0 || entry >= size)
  if (index < 0) return
  const problem = `tensorSource: expected ${field}s 0 … ${size - 1}, got ${entries[index]} at index ${index}.`
  throw new GpdError('data.label-range', problem, `Correct the ${field}, or raise the number of them.`)
}

/** @throws GpdError `data.mismatch` if the numbers of samples differ */
function countSamples(tensors: Tensors): number {
  const [[first, { shape }], ...others] = Object.entries(tensors) as [[string, tf.Tensor], ...[string, tf.Tensor][]]
  const other = others.find(([, tensor]) => tensor.shape[0] !== shape[0])
  if (other === undefined) return shape[0]!
  const problem = `tensorSource: ${shape[0]} samples of '${first}', but ${other[1].shape[0]} of '${other[0]}'.`
  throw new GpdError('data.mismatch', problem, 'The first axis of every tensor is the sample.')
}

function labelled({ xs, ys, classes, views = {} }: LabelledTensors): FieldTensors {
  const other = Object.keys(views).find((name) => views[name]!.shape.join() !== xs.shape.join())
  if (other !== undefined) {
    const [expected, found] = [xs, views[other]!].map(({ shape }) => `[${shape.join(', ')}]`)
    throw new GpdError('data.mismatch', `tensorSource: expected the view '${other}' as ${expected}, got ${found}.`)
  }
  const named = Object.entries(views).map(([view, tensor]) => [`image/${view}`, tensor] as const)
  return {
    fields: { image: xs, label: ys, ...Object.fromEntries(named) },
    sizes: { label: classes },
    trainingOnly: named.map(([name]) => name),
  }
}

/**
 * Batches from tensors in memory: `{ xs, ys, classes }` as TensorFlow.js users have them, or any named fields. The tensors
 * stay the caller's.
 *
 * @throws GpdError `data.mismatch` if the numbers of samples differ; where it is used, `data.label-range`
 * @example tensorSource({ xs: images, ys: labels, classes: 10 })
 * @example tensorSource({ fields: { query, document } })
 */
export function tensorSource(data: FieldTensors | LabelledTensors): BatchSource {
  const { fields: tensors, sizes = {}, keys, trainingOnly = [] } = 'fields' in data ? data : labelled(data)
  const size = countSamples(tensors)
  const specOf = ([name, { shape, dtype }]: [string, tf.Tensor]): [string, FieldSpec] => {
    const spec = { shape: shape.slice(1), dtype: dtype as FieldSpec['dtype'] }
    return [name, sizes[name] === undefined ? spec : { ...spec, size: sizes[name] }]
  }
  // Entries do not change: once is enough.
  let checked: Promise<unknown> | undefined
  return source({
    size,
    fields: Object.fromEntries(Object.entries(tensors).map(specOf)),
    ...(keys && { keys }),
    async check() {
      checked ??= Promise.all(Object.entries(sizes).map(([name, limit]) => checkRange(name, tensors[name]!, limit)))
      await checked
    },
    read(positions, { training }) {
      const rows = tf.tensor1d(Int32Array.from(positions), 'int32')
      const given = Object.entries(tensors).filter(([name]) => training || !trainingOnly.includes(name))
      const fields = Object.fromEntries(given.map(([name, tensor]) => [name, tf.gather(tensor, rows)]))
      rows.dispose()
      return fields
    },
  })
}
