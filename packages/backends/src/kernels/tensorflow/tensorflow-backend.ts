import * as tf from '@tensorflow/tfjs'
import type { Float32 } from '@gpdjs/core'

type AttributeType = 'TF_ATTR_TYPE' | 'TF_ATTR_BOOL' | 'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_STRING'

/** Attribute of a TensorFlow operation, as the binding takes it. */
interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** What is used here of the backend of tfjs-node: it runs any operation of TensorFlow, by name. */
export interface TensorflowBackend {
  readonly binding: Readonly<Record<AttributeType | 'TF_FLOAT', number>>
  /** One more tensor shares these numbers. */
  incRef(dataId: tf.DataId): void
  disposeData(dataId: tf.DataId): boolean
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[]
}

/** Values of attributes by name; TensorFlow's own defaults serve for the others. */
export interface AttributeValues {
  readonly bools?: Readonly<Record<string, boolean>>
  readonly floats?: Readonly<Record<string, number>>
  readonly ints?: Readonly<Record<string, number | readonly number[]>>
  readonly strings?: Readonly<Record<string, string>>
}

export interface Operation<N extends number = number> extends AttributeValues {
  readonly name: string
  readonly inputs: readonly tf.TensorInfo[]
  /** How many; the operation fixes it. Default 1. */
  readonly outputs?: N
}

type Float32Tensor = tf.Tensor & Float32

/** As many tensors as the operation has outputs, if the number is known before it runs. */
type Outputs<N extends number, Found extends Float32Tensor[] = []> = number extends N
  ? Float32Tensor[]
  : Found['length'] extends N
    ? Found
    : Outputs<N, [...Found, Float32Tensor]>

const ATTRIBUTE_TYPES = {
  bools: 'TF_ATTR_BOOL',
  floats: 'TF_ATTR_FLOAT',
  ints: 'TF_ATTR_INT',
  strings: 'TF_ATTR_STRING',
} as const

/** Runs an operation of TensorFlow on float32 tensors. */
export function execute<N extends number = 1>(
  backend: TensorflowBackend,
  { name, inputs, outputs, ...values }: Operation<N>,
): Outputs<N> {
  const { binding } = backend
  const attributes = Object.entries(ATTRIBUTE_TYPES).flatMap(([kind, type]) =>
    Object.entries(values[kind as keyof AttributeValues] ?? {}).map(([name, value]) => ({
      name,
      type: binding[type],
      value: value as unknown,
    })),
  )
  const T = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }
  return backend.executeMultipleOutputs(name, [T, ...attributes], inputs, outputs ?? 1) as Outputs<N>
}

/** The same numbers with another shape. Dispose it: inside a kernel there is no tidy scope. */
export const reshaped = (x: Float32, shape: readonly number[]): Float32Tensor =>
  // A copy of the reference where there is nothing to do: TensorFlow's Reshape takes as long as any small operation.
  tf.util.arraysEqual(x.shape, shape as number[])
    ? tf.clone(x as Float32Tensor)
    : (tf.reshape(x as Float32Tensor, [...shape]) as Float32Tensor)
