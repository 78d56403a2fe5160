import { checkArgument, GpdError, kinds, sizeOf } from '@gpdjs/core'
import { quote } from './json-cursor.ts'

export interface EncodableTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint8Array
  /** What bytes are: whole numbers (the default) or truth values, 0 and 1. */
  readonly dtype?: 'U8' | 'BOOL'
}

/** Types that are written, in the order of the reference writer: of the larger types first, then by name. */
const WRITTEN = ['F32', 'I32', 'U8', 'BOOL'] as const

function dtypeOf({ data, dtype = 'U8' }: EncodableTensor): (typeof WRITTEN)[number] {
  if (data instanceof Float32Array) return 'F32'
  return data instanceof Int32Array ? 'I32' : dtype
}

const RESERVED = ['__metadata__', '__proto__']

function checkTensor(name: string, { shape, data }: EncodableTensor): void {
  const size = sizeOf(shape)
  const countable = shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0)
  if (!countable || size !== data.length) {
    throw new GpdError(
      'checkpoint.incompatible',
      `encodeSafetensors: ${quote(name)}: expected ${size} values for shape [${shape.join(', ')}], got ${data.length}.`,
      'Pass the shape that belongs to the data.',
    )
  }
}

function checkNames(names: readonly string[]): void {
  const reserved = names.find((name) => RESERVED.includes(name))
  if (reserved === undefined) return
  throw new GpdError(
    'checkpoint.incompatible',
    `encodeSafetensors: expected names that are free to use, got ${quote(reserved)}.`,
    'Rename it.',
  )
}

const sorted = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))

const jsonObject = (members: readonly (readonly [string, string])[]): string =>
  `{${members.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`

function headerText(tensors: readonly [string, EncodableTensor][], metadata: Readonly<Record<string, string>>): string {
  let end = 0
  const entries = tensors.map(([name, tensor]) => {
    const begin = end
    end += tensor.data.byteLength
    const { shape } = tensor
    return [name, JSON.stringify({ dtype: dtypeOf(tensor), shape, data_offsets: [begin, end] })] as const
  })
  const strings = sorted(metadata).map(([key, value]) => [key, JSON.stringify(value)] as const)
  return jsonObject(strings.length === 0 ? entries : [['__metadata__', jsonObject(strings)], ...entries])
}

/**
 * Writes a safetensors file: the same tensors and metadata give the same bytes, in whatever order they come, and
 * the bytes that the reference implementation gives.
 *
 * @param tensors values in row-major order; float32, int32, bytes or truth values
 * @param metadata strings only; an empty record is left out
 * @throws GpdError `checkpoint.incompatible` if a shape does not suit its data or a name is reserved
 * @example encodeSafetensors({ bias: { shape: [2], data: new Float32Array([0, 1]) } }, { epoch: '3' })
 * @see https://huggingface.co/docs/safetensors, "Format"
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, EncodableTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  checkArgument('encodeSafetensors', 'metadata', kinds.recordOf(kinds.text), metadata)
  const byName = sorted(tensors)
  const entries = WRITTEN.flatMap((dtype) => byName.filter(([, tensor]) => dtypeOf(tensor) === dtype))
  checkNames([...Object.keys(tensors), ...Object.keys(metadata)])
  for (const [name, tensor] of entries) checkTensor(name, tensor)
  const header = new TextEncoder().encode(headerText(entries, metadata))
  // Trailing spaces are legal JSON; they put the data at a multiple of 8 bytes.
  const dataStart = 8 + Math.ceil(header.length / 8) * 8
  const dataBytes = entries.reduce((sum, [, { data }]) => sum + data.byteLength, 0)
  const file = new Uint8Array(dataStart + dataBytes).fill(0x20, 8, dataStart)
  new DataView(file.buffer).setBigUint64(0, BigInt(dataStart - 8), true)
  file.set(header, 8)
  let position = dataStart
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position)
    position += data.byteLength
  }
  return file
}
