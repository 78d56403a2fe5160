import * as tf from '@tensorflow/tfjs'

/** Named tensors: parameters, gradients, optimizer slots, batch-norm moments. */
export type TensorRecord = Readonly<Record<string, tf.Tensor>>

/** Applies `f` to every tensor of a record. */
export function mapRecord<A, B>(
  record: Readonly<Record<string, A>>,
  f: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]))
}

/** Keeps every tensor of a record alive beyond the surrounding `tf.tidy`. */
export function keepRecord<R extends TensorRecord>(record: R): R {
  for (const tensor of Object.values(record)) tf.keep(tensor)
  return record
}

export function disposeRecord(record: TensorRecord): void {
  tf.dispose(Object.values(record))
}

/** Reads a whole record back, without blocking. */
export async function recordData(
  record: TensorRecord,
): Promise<Record<string, Float32Array | Int32Array | Uint8Array>> {
  const entries = Object.entries(record).map(async ([name, tensor]) => [name, await tensor.data()] as const)
  return Object.fromEntries(await Promise.all(entries))
}
