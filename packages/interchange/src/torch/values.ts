import { GpdError } from '@gpdjs/core'

/** Numbers of a tensor of a state dict: whatever type they were saved as. */
export type TorchData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array

const TYPES: Readonly<Record<string, string>> = {
  Float64Array: 'float64',
  Int8Array: 'int8',
  Int16Array: 'int16',
  Int32Array: 'int32',
  BigInt64Array: 'int64',
  Uint8Array: 'uint8 or bool',
  Uint16Array: 'uint16',
  Uint32Array: 'uint32',
  BigUint64Array: 'uint64',
}

/** What PyTorch calls the type of such numbers; undefined for float32 and for what holds no numbers. */
export const typeOf = (data: object): string | undefined => TYPES[Object.prototype.toString.call(data).slice(8, -1)]

/** Whether a float32 is the number that it was made from. Integers of 64 bits are compared as such: doubles would round too. */
const isSame = (value: number | bigint, float: number): boolean =>
  typeof value === 'bigint' ? BigInt(float) === value : Object.is(float, value) || float === value

export interface Float32Values {
  readonly data: Float32Array
  /** Whether some of them are another number now. */
  readonly isRounded: boolean
}

/**
 * Numbers as float32. Whole numbers up to 2^24 stay what they are, others and doubles are rounded to the nearest.
 *
 * @param what the tensor in messages
 * @throws GpdError `checkpoint.incompatible` for a number beyond the range of float32
 */
export function toFloat32(what: string, values: Exclude<TorchData, Float32Array>): Float32Values {
  const data = Float32Array.from(values as ArrayLike<number | bigint>, Number)
  let isRounded = false
  for (let i = 0; i < data.length; i++) {
    const [value, rounded] = [values[i]!, data[i]!]
    if (isSame(value, rounded)) continue
    isRounded = true
    if (Number.isFinite(rounded)) continue
    throw new GpdError(
      'checkpoint.incompatible',
      `${what}: expected numbers within the range of float32, got ${value}.`,
      'Save parameters that float32 can hold.',
    )
  }
  return { data, isRounded }
}
