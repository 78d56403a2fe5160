import * as tf from '@tensorflow/tfjs'
import { GpdError, recordData, type TensorRecord } from '@gpdjs/core'
import { encodeSafetensors, type EncodableTensor } from '../safetensors/encode.ts'
import type { SafeTensor } from '../safetensors/element-types.ts'
import { decodeSafetensors } from '../safetensors/decode.ts'

const WRITTEN = ['float32', 'int32', 'bool']

/**
 * The bytes of a safetensors file with these tensors; their values are those at the time of the call.
 *
 * @throws GpdError `checkpoint.incompatible` for strings and complex numbers
 */
export async function encodeTensors(
  record: TensorRecord,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  for (const [name, { dtype }] of Object.entries(record))
    if (!WRITTEN.includes(dtype))
      throw new GpdError('checkpoint.incompatible', `'${name}': expected ${WRITTEN.join(', ')} to save, got ${dtype}.`)
  const data = await recordData(record)
  const encodable = Object.entries(record).map(([name, { shape, dtype }]): [string, EncodableTensor] => [
    name,
    { shape, data: data[name]!, ...(dtype === 'bool' && { dtype: 'BOOL' }) },
  ])
  return encodeSafetensors(Object.fromEntries(encodable), metadata)
}

/** Types of files, as those of tensors. */
const DTYPES: Partial<Record<SafeTensor['dtype'], 'float32' | 'int32' | 'bool'>> = {
  F32: 'float32',
  I32: 'int32',
  BOOL: 'bool',
}

/** The tensors of a file, read but not yet made. */
export type ReadTensors = ReadonlyMap<string, SafeTensor>

/** @throws GpdError `checkpoint.corrupt`; `checkpoint.incompatible` for a type that `encodeTensors` does not write */
export function decodeTensors(bytes: Uint8Array, source: string): ReadTensors {
  const { tensors } = decodeSafetensors(bytes, { source })
  for (const [name, { dtype }] of tensors) {
    if (DTYPES[dtype] !== undefined) continue
    const problem = `${source}: expected '${name}' as ${Object.keys(DTYPES).join(', ')}, got ${dtype}.`
    throw new GpdError('checkpoint.incompatible', problem)
  }
  return tensors
}

/** Records without a prototype: names come from files, and `__proto__` is one like any other. */
export const emptyRecord = <T>(): Record<string, T> => Object.create(null) as Record<string, T>

/** @returns the caller owns the tensors */
export function makeTensors(read: ReadTensors): Record<string, tf.Tensor> {
  const record = emptyRecord<tf.Tensor>()
  for (const [name, { dtype, shape, data }] of read)
    record[name] = tf.tensor(data as Float32Array, shape, DTYPES[dtype]!)
  return record
}
