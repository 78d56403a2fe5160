import { createGunzip } from 'node:zlib'
import { corrupt, readHeader } from '../idx/header.ts'

/** The two bytes every gzip file starts with. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const CHUNK_BYTES = 2 ** 20

/** How long the file has to be as soon as its header is there; before that, no limit but the general one. */
function dueBytes(chunks: readonly Uint8Array[], source: string, maxBytes: number): number | undefined {
  const header = readHeader(Buffer.concat(chunks), source)
  if (header === undefined) return undefined
  const due = header.start + header.size
  if (due <= maxBytes) return due
  const fix = 'If the file is meant to be that long, raise maxBytes.'
  throw corrupt(source, `at most ${maxBytes} bytes`, `a header that promises ${due}`, fix)
}

/** The chunks of a gzip stream, none of them after more bytes than the IDX header inside promises. */
async function inflateBounded(stream: AsyncIterable<Buffer>, source: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  let due: number | undefined
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    due ??= dueBytes(chunks, source, maxBytes)
    // A gzip bomb ends here, after one chunk too many.
    if (due !== undefined && length > due) throw corrupt(source, `${due} bytes inside the gzip`, `at least ${length}`)
  }
  return Buffer.concat(chunks)
}

/**
 * Unpacks a gzip file that holds an IDX file. What it unpacks is bounded by what the header inside promises.
 *
 * @param compressed the whole gzip file
 * @throws GpdError `data.corrupt`: not gzip, cut off, damaged, or longer inside than the header promises
 */
export async function gunzipIdx(compressed: Uint8Array, source: string, maxBytes: number): Promise<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  gunzip.on('error', () => {}) // reported by the iteration; never left unhandled
  gunzip.end(compressed)
  try {
    const bytes = await inflateBounded(gunzip, source, maxBytes)
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
