import { createGunzip } from 'node:zlib'
import { corrupt, readHeader } from '../idx/header.ts'

/** The two bytes every gzip file starts with. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const CHUNK_BYTES = 2 ** 20
/** Images and labels compress to a tenth or so; only what is nearly empty comes to less than a hundredth. */
const MOST_TIMES = 100
/** So much may come out of a file of any size: labels that are all the same are a few bytes. */
const ALWAYS_FINE = 2 ** 24

/** How long the file has to be, once its header is there. */
function dueBytes(start: Uint8Array, { source, maxBytes, compressed }: Limits): number | undefined {
  const header = readHeader(start, source)
  if (header === undefined) return undefined
  const due = header.start + header.size
  if (due > maxBytes) {
    const fix = 'If the file is meant to be that long, raise maxBytes.'
    throw corrupt(source, `at most ${maxBytes} bytes`, `a header that promises ${due}`, fix)
  }
  if (due <= Math.max(ALWAYS_FINE, MOST_TIMES * compressed)) return due
  const found = `a header that promises ${due} bytes in a gzip of ${compressed}`
  throw corrupt(source, `at most ${MOST_TIMES} times the gzip`, found, 'If that is meant, unpack it first: gunzip.')
}

interface Limits {
  readonly source: string
  readonly maxBytes: number
  /** Bytes of the gzip file. */
  readonly compressed: number
}

/** What a gzip stream holds, in one buffer that is as long as the IDX header inside promises. */
async function inflateBounded(stream: AsyncIterable<Buffer>, limits: Limits): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  let due: number | undefined
  let length = 0
  for await (const chunk of stream) {
    if (due === undefined) {
      // At most a few bytes have come before this chunk: a header is short.
      bytes = Buffer.concat([bytes, chunk])
      length = bytes.length
      due = dueBytes(bytes, limits)
      if (due !== undefined && length <= due) {
        const whole = Buffer.alloc(due)
        whole.set(bytes)
        bytes = whole
      }
    } else {
      bytes.set(chunk.subarray(0, due - length), length)
      length += chunk.length
    }
    // A gzip bomb ends here, after one chunk too many.
    if (due !== undefined && length > due)
      throw corrupt(limits.source, `${due} bytes inside the gzip`, `at least ${length}`)
  }
  return bytes.subarray(0, length)
}

/**
 * Unpacks a gzip file that holds an IDX file, into memory of the length that the header inside promises, and no more.
 *
 * @param compressed the whole gzip file
 * @throws GpdError `data.corrupt`: not gzip, cut off, damaged, longer inside than the header promises, or
 *   with a header that promises more than 16 MiB and more than a hundred times the file
 */
export async function gunzipIdx(compressed: Uint8Array, source: string, maxBytes: number): Promise<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  gunzip.on('error', () => {}) // reported by the iteration; never left unhandled
  gunzip.end(compressed)
  try {
    const bytes = await inflateBounded(gunzip, { source, maxBytes, compressed: compressed.length })
    const behind = compressed.length - gunzip.bytesWritten
    if (behind > 0) throw corrupt(source, 'nothing behind the gzip data', `${behind} bytes`)
    return bytes
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error)) throw error
    throw corrupt(source, 'a complete gzip file', error.message)
  } finally {
    gunzip.destroy()
  }
}
