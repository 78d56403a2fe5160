import type * as tf from '@tensorflow/tfjs'

/** Named tensors: parameters, gradients, optimizer slots, batch-norm moments. */
export type TensorRecord = Readonly<Record<string, tf.Tensor>>

/** Applies `f` to every tensor of a record. */
export function mapRecord<A, B>(
  record: Readonly<Record<string, A>>,
  f: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]))
}

/** Reads a whole record back, without blocking. */
export async function recordData(
  record: TensorRecord,
): Promise<Record<string, Float32Array | Int32Array | Uint8Array>> {
  const entries = Object.entries(record).map(async ([name, tensor]) => [name, await tensor.data()] as const)
  return Object.fromEntries(await Promise.all(entries))
}
