import { bytesField, concatBytes, float, integer, integers, message, text, texts, type Bytes } from './protobuf.ts'

/**
 * The messages of an ONNX file that this project writes, by their field numbers.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

/** An attribute of an ONNX node: a whole number, a list of them, or a real number. */
export type OnnxAttribute = number | readonly number[] | { readonly float: number }

export interface OnnxTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

export const ENTRY = { key: 1, value: 2 } as const
const ATTRIBUTE = { name: 1, f: 2, i: 3, ints: 8, type: 20 } as const
const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 } as const
const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5 } as const
export const TENSOR = { dims: 1, dataType: 2, name: 8, rawData: 9 } as const
export const DATA_TYPE = { float: 1, int64: 7 } as const
export const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const
export const MODEL = { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8, metadata: 14 } as const
/** Intermediate representation 8 came with opset 17. */
const IR_VERSION = 8

function attributeValue(value: OnnxAttribute): Bytes {
  if (typeof value === 'number')
    return concatBytes([integer(ATTRIBUTE.i, value), integer(ATTRIBUTE.type, ATTRIBUTE_TYPE.int)])
  if ('float' in value)
    return concatBytes([float(ATTRIBUTE.f, value.float), integer(ATTRIBUTE.type, ATTRIBUTE_TYPE.float)])
  return concatBytes([integers(ATTRIBUTE.ints, value), integer(ATTRIBUTE.type, ATTRIBUTE_TYPE.ints)])
}

export interface OnnxNode {
  readonly type: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
}

const nodeProto = ({ type, inputs, output, attributes }: OnnxNode): Bytes =>
  message(
    GRAPH.node,
    texts(NODE.input, inputs),
    text(NODE.output, output),
    text(NODE.name, output),
    text(NODE.opType, type),
    ...Object.entries(attributes).map(([name, value]) =>
      message(NODE.attribute, text(ATTRIBUTE.name, name), attributeValue(value)),
    ),
  )

/** The bytes of numbers in memory, which are little-endian wherever TensorFlow.js runs. */
const rawBytes = ({ buffer, byteOffset, byteLength }: OnnxTensor['data']): Bytes =>
  new Uint8Array(buffer, byteOffset, byteLength)

const tensorProto = (name: string, { shape, data }: OnnxTensor): Bytes =>
  message(
    GRAPH.initializer,
    integers(TENSOR.dims, shape),
    integer(TENSOR.dataType, data instanceof Float32Array ? DATA_TYPE.float : DATA_TYPE.int64),
    text(TENSOR.name, name),
    bytesField(TENSOR.rawData, rawBytes(data)),
  )

export interface OnnxValue {
  readonly name: string
  /** A string is a size that stays open, by its name. */
  readonly shape: readonly (number | string)[]
}

function valueInfo(field: number, { name, shape }: OnnxValue): Bytes {
  const dimensions = shape.map((size) => message(1, typeof size === 'number' ? integer(1, size) : text(2, size)))
  const tensorType = message(1, integer(1, DATA_TYPE.float), message(2, ...dimensions))
  return message(field, text(1, name), message(2, tensorType))
}

export interface OnnxModel {
  readonly name: string
  readonly opset: number
  readonly nodes: readonly OnnxNode[]
  readonly tensors: ReadonlyMap<string, OnnxTensor>
  readonly input: OnnxValue
  readonly output: OnnxValue
  /** Texts about the model, by their keys. */
  readonly metadata: Readonly<Record<string, string>>
}

/** The bytes of an `.onnx` file. */
export function encodeModel({ name, opset, nodes, tensors, input, output, metadata }: OnnxModel): Bytes {
  return concatBytes([
    integer(MODEL.irVersion, IR_VERSION),
    text(MODEL.producerName, 'gpdjs'),
    message(
      MODEL.graph,
      ...nodes.map(nodeProto),
      text(GRAPH.name, name),
      ...[...tensors].map(([key, tensor]) => tensorProto(key, tensor)),
      valueInfo(GRAPH.input, input),
      valueInfo(GRAPH.output, output),
    ),
    ...Object.entries(metadata).map(([key, value]) =>
      message(MODEL.metadata, text(ENTRY.key, key), text(ENTRY.value, value)),
    ),
    // The empty domain, which is the standard one, is what an absent field means.
    message(MODEL.opsetImport, integer(2, opset)),
  ])
}
