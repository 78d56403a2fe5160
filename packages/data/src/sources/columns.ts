import * as tf from '@tensorflow/tfjs'
import { GpdError, show, sizeOf, type FieldSpec } from '@gpdjs/core'
import type { Entries } from '../check-range.ts'

/** Values of one field, sample by sample. */
export interface Column {
  readonly samples: number
  readonly spec: FieldSpec
  /** Those of some samples, as a new tensor; `rows` are the positions on the device, int32. */
  read(positions: Uint32Array, rows: tf.Tensor1D): tf.Tensor
  /** Those of all samples, as they were given. */
  entries(): Entries | Promise<Entries>
}

type DType = FieldSpec['dtype']

/** Numbers as lists: one per sample, or lists of them for each. */
export type NumberList = ArrayLike<number> | readonly NumberList[]

/** What a column is made of. */
export type ColumnValues = tf.Tensor | NumberList

export const mismatch = (problem: string, fix: string) => new GpdError('data.mismatch', `tensorSource: ${problem}`, fix)

const isFieldType = (dtype: string): dtype is DType => dtype === 'float32' || dtype === 'int32'

function tensorColumn(name: string, tensor: tf.Tensor, dtype: DType | undefined): Column {
  const given = dtype ?? tensor.dtype
  if (!isFieldType(given)) throw mismatch(`expected '${name}' as float32 or int32, got ${given}.`, 'Use tf.cast.')
  return {
    samples: tensor.shape[0] ?? 0,
    spec: { shape: tensor.shape.slice(1), dtype: given },
    read: (_, rows) =>
      tensor.dtype === given ? tf.gather(tensor, rows) : tf.tidy(() => tf.cast(tf.gather(tensor, rows), given)),
    entries: async () => (await tensor.data()) as Entries,
  }
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))

/** Sizes of nested lists by their first entries. */
function shapeOf(list: ArrayLike<unknown>): number[] {
  return [list.length, ...(isList(list[0]) ? shapeOf(list[0]) : [])]
}

/** Copies nested lists into one. @throws GpdError for lists of several lengths, and entries that are no numbers */
function flattened(name: string, list: ArrayLike<unknown>, shape: readonly number[]): Float32Array {
  const values = new Float32Array(sizeOf(shape))
  let at = 0
  const copy = (own: unknown, sizes: readonly number[]): void => {
    const [size, ...inner] = sizes
    if (size === undefined ? typeof own !== 'number' : !isList(own) || own.length !== size) {
      const problem = `expected '${name}' as numbers of one shape [${shape.join(', ')}], got ${show(own)} among them.`
      throw mismatch(problem, 'Give as many numbers for every sample.')
    }
    if (size === undefined) values[at++] = own as number
    else for (let i = 0; i < size; i++) copy((own as ArrayLike<unknown>)[i], inner)
  }
  copy(list, shape)
  return values
}

function listColumn(name: string, list: ArrayLike<unknown>, dtype: DType): Column {
  const shape = shapeOf(list)
  const values = flattened(name, list, shape)
  const [samples = 0, ...each] = shape
  const size = sizeOf(each)
  return {
    samples,
    spec: { shape: each, dtype },
    read(positions) {
      const chosen = new Float32Array(positions.length * size)
      positions.forEach((at, i) => chosen.set(values.subarray(at * size, (at + 1) * size), i * size))
      return tf.tensor(dtype === 'int32' ? Int32Array.from(chosen) : chosen, [positions.length, ...each], dtype)
    },
    entries: () => values,
  }
}

/**
 * A field of samples in memory: a tensor, which stays the caller's, or lists of numbers.
 *
 * @param dtype what batches hold, whatever was given (default: the tensor's; float32 of lists)
 * @throws GpdError `data.mismatch` for other values, and lists of several lengths
 */
export function columnOf(name: string, given: ColumnValues, dtype?: DType): Column {
  if (given instanceof tf.Tensor) return tensorColumn(name, given, dtype)
  if (isList(given)) return listColumn(name, given, dtype ?? 'float32')
  throw mismatch(`expected '${name}' as a tensor or a list of numbers, got ${show(given)}.`, 'Use tf.tensor.')
}

/** How many axes a column would have, the sample included. */
export const rankOf = (given: ColumnValues): number =>
  given instanceof tf.Tensor ? given.rank : isList(given) ? shapeOf(given).length : 0
