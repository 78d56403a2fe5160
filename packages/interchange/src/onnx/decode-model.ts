import { sizeOf } from '@gpdjs/core'
import { DATA_TYPE, ENTRY, GRAPH, MODEL, TENSOR } from './model-proto.ts'
import { NoMessage, readFields, type FieldValue } from './read-protobuf.ts'

/** A constant of 32-bit floats. */
export interface OnnxFloats {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** What is read back of an ONNX file. */
export interface DecodedModel {
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  /** Constants of 32-bit floats by their names; others are left out. */
  readonly tensors: ReadonlyMap<string, OnnxFloats>
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const bytesOf = (value: FieldValue | undefined): Uint8Array => {
  if (value instanceof Uint8Array) return value
  throw new NoMessage('a text or message is missing')
}

const textOf = (value: FieldValue | undefined): string => {
  try {
    return utf8.decode(bytesOf(value))
  } catch (error) {
    throw error instanceof NoMessage ? error : new NoMessage('a text is not UTF-8')
  }
}

function floatsOf(shape: readonly number[], raw: Uint8Array): Float32Array {
  if (raw.length !== 4 * sizeOf(shape)) {
    throw new NoMessage(`a tensor [${shape.join(', ')}] of ${raw.length} bytes`)
  }
  // Copied, because numbers may begin anywhere in a file. A Buffer's own `slice` would not copy.
  return new Float32Array(new Uint8Array(raw).buffer)
}

function tensorOf(bytes: Uint8Array): readonly [string, OnnxFloats] | undefined {
  const fields = readFields(bytes)
  if (fields.get(TENSOR.dataType)?.[0] !== BigInt(DATA_TYPE.float)) return undefined
  const shape = (fields.get(TENSOR.dims) ?? []).map(Number)
  const data = floatsOf(shape, bytesOf(fields.get(TENSOR.rawData)?.[0]))
  return [textOf(fields.get(TENSOR.name)?.[0]), { shape, data }]
}

/**
 * Name, metadata and constants of an ONNX file.
 *
 * @throws NoMessage if the bytes are none
 */
export function decodeModel(bytes: Uint8Array): DecodedModel {
  const model = readFields(bytes)
  const graph = readFields(bytesOf(model.get(MODEL.graph)?.[0]))
  const entries = (model.get(MODEL.metadata) ?? []).map((entry) => {
    const fields = readFields(bytesOf(entry))
    return [textOf(fields.get(ENTRY.key)?.[0]), textOf(fields.get(ENTRY.value)?.[0])] as const
  })
  const tensors = (graph.get(GRAPH.initializer) ?? []).map((tensor) => tensorOf(bytesOf(tensor)))
  return {
    name: textOf(graph.get(GRAPH.name)?.[0]),
    metadata: Object.fromEntries(entries),
    tensors: new Map(tensors.filter((tensor) => tensor !== undefined)),
  }
}
