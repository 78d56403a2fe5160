import { GpdError } from './errors.ts'
import { show } from './options/show.ts'

/** Bytes of a file as they come from anywhere: `readFile` of Node, `arrayBuffer()` of a response, a view of a part of one. */
export type Bytes = ArrayBufferLike | ArrayBufferView

const isBuffer = (value: unknown): value is ArrayBufferLike =>
  // By name: a buffer of another realm, such as a page's frame, is not an instance of ours.
  /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value))

/**
 * The bytes themselves, not copied: of a view those that it covers, whatever type its numbers have.
 *
 * @param where what they are for, to begin the message with
 * @throws GpdError `config.invalid` for anything else, such as a path or a promise that was not waited for
 * @example bytesOf('decodeIdx', await response.arrayBuffer())
 */
export function bytesOf(where: string, value: Bytes): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (isBuffer(value)) return new Uint8Array(value)
  throw new GpdError(
    'config.invalid',
    `${where}: expected the bytes of a file (Uint8Array, ArrayBuffer, DataView), got ${show(value)}.`,
    'Read the file first and wait for it: await readFile(path), or await response.arrayBuffer() in a browser.',
  )
}
