import { bytesOf, fillOptions, GpdError, kinds, needed, type Bytes, type Given } from '@gpdjs/core'
import {
  decodeElements,
  elementBits,
  elementTypes,
  isElementType,
  type ElementType,
  type SafeTensor,
} from './element-types.ts'
import { parseHeader, type HeaderEntry } from './header.ts'
import { quote, type Corrupt } from './json-cursor.ts'
import { otherFormat } from './other-formats.ts'

const LENGTH_BYTES = 8
const MAX_HEADER_BYTES = 100_000_000
const OPENING_BRACE = 0x7b

/** Cuts the file into its header, a piece of JSON, and the data behind it. */
function splitFile(bytes: Uint8Array, corrupt: Corrupt): { header: Uint8Array; data: Uint8Array } {
  if (bytes.length < LENGTH_BYTES) throw corrupt(`at least ${LENGTH_BYTES} bytes`, `${bytes.length}`)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  const most = Math.min(MAX_HEADER_BYTES, bytes.length - LENGTH_BYTES)
  // Compared as integers of 64 bits: beyond 2^53 a double would round.
  if (length > BigInt(most)) throw corrupt(`a header of at most ${most} bytes`, `a length of ${length}`)
  const dataStart = LENGTH_BYTES + Number(length)
  return { header: bytes.subarray(LENGTH_BYTES, dataStart), data: bytes.subarray(dataStart) }
}

function headerText(header: Uint8Array, corrupt: Corrupt): string {
  if (header[0] !== OPENING_BRACE) throw corrupt("a header that starts with '{'", `byte ${header[0] ?? 'none'}`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(header)
  } catch {
    throw corrupt('a header in UTF-8', 'other bytes')
  }
}

interface CheckedEntry extends HeaderEntry {
  readonly dtype: ElementType
}

/** Number of bytes of a tensor; refuses sizes beyond 2^53, and a part of a byte. */
function byteSize({ name, dtype, shape }: CheckedEntry, corrupt: Corrupt): number {
  const found = `shape [${shape.join(', ')}]`
  let size = elementBits(dtype) / 8
  for (const dimension of shape) {
    size *= dimension
    if (size > Number.MAX_SAFE_INTEGER) throw corrupt(`${quote(name)} of a countable size`, found)
  }
  if (!Number.isInteger(size)) throw corrupt(`whole bytes for ${quote(name)}, ${dtype}`, found)
  return size
}

/** @throws GpdError `checkpoint.corrupt` for a file of another format that is known */
function refuseOtherFormats(bytes: Uint8Array, source: string): void {
  const other = bytes[LENGTH_BYTES] === OPENING_BRACE ? undefined : otherFormat(bytes)
  if (other === undefined) return
  throw new GpdError('checkpoint.corrupt', `${source}: expected a safetensors file, found ${other.what}.`, other.fix)
}

/** An entry of a supported element type, whose range of bytes has the length of its shape. */
function checkEntry(entry: HeaderEntry, corrupt: Corrupt): CheckedEntry {
  const { name, dtype, shape, begin, end } = entry
  if (!isElementType(dtype)) throw corrupt(`${quote(name)} of type ${elementTypes.join(', ')}`, quote(dtype))
  const checked = { ...entry, dtype }
  const size = byteSize(checked, corrupt)
  if (end - begin !== size) {
    throw corrupt(`${size} bytes for ${quote(name)}, ${dtype} [${shape.join(', ')}]`, `${end - begin}`)
  }
  return checked
}

/** The tensors must fill the data exactly: no holes, no overlap, nothing behind the last. */
function checkLayout(entries: readonly HeaderEntry[], dataBytes: number, corrupt: Corrupt): void {
  let position = 0
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position) throw corrupt(`${quote(name)} to begin at byte ${position} of the data`, `byte ${begin}`)
    position = end
  }
  if (position !== dataBytes) throw corrupt(`${position} bytes of data`, `${dataBytes}`)
}

const OPTIONS = {
  /** What to call the file in messages, usually its path. */
  source: needed(kinds.text),
}

export type DecodeSafetensorsOptions = Given<typeof OPTIONS>

/**
 * Reads a safetensors file. Everything is checked before anything is allocated for a tensor, so a hostile or damaged
 * file costs no more memory than an honest one of its size.
 *
 * @param file the bytes of the whole file; the tensors are copies and do not keep it alive
 * @param options.source what to call the file in messages, usually its path
 * @returns tensors in the order of the header. F32, F16, BF16 and F8 come as Float32Array; F64, integers and BOOL as stored
 *   (`Float64Array`, `Int8Array` … `BigUint64Array`). F4, F6 and C64 (complex) are not read: their `data` throws when it is asked
 *   for, so a file that has them can be used. Values are not checked: NaN is legal.
 * @throws GpdError `checkpoint.corrupt` for whatever the format forbids; for a file of another format (a `.pt` or `.h5` file, a web
 *   page) it says what to do. `config.invalid` for what are no bytes
 * @example
 * const { tensors, metadata } = decodeSafetensors(await readFile(path), { source: path })
 * const weight = tensors.get('conv1.weight') // { dtype: 'F32', shape: [3, 3, 3, 16], data: Float32Array(432) }
 * @see https://huggingface.co/docs/safetensors, "Format"
 */
export function decodeSafetensors(
  file: Bytes,
  options: DecodeSafetensorsOptions,
): { tensors: Map<string, SafeTensor>; metadata: Record<string, string> } {
  const { source } = fillOptions('decodeSafetensors', OPTIONS, options)
  const corrupt: Corrupt = (expected, found) =>
    new GpdError(
      'checkpoint.corrupt',
      `${source}: not a valid safetensors file: expected ${expected}, found ${found}.`,
      'Write or download the file again.',
    )
  const bytes = bytesOf(`decodeSafetensors: ${source}`, file)
  refuseOtherFormats(bytes, source)
  const { header, data } = splitFile(bytes, corrupt)
  const { entries, metadata } = parseHeader(headerText(header, corrupt), corrupt)
  const checked = entries.map((entry) => checkEntry(entry, corrupt))
  checkLayout(checked, data.length, corrupt)
  const tensors = checked.map(
    ({ name, dtype, shape, begin, end }) =>
      [name, decodeElements(dtype, shape, data.subarray(begin, end), `${source}: ${quote(name)}`)] as const,
  )
  return { tensors: new Map(tensors), metadata }
}
