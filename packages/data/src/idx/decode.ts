import { bytesOf, fillOptions, kinds, needed, type Bytes, type Given } from '@gpdjs/core'
import { corrupt, readHeader, type IdxArray } from './header.ts'

const OPTIONS = {
  /** What messages call the file, usually its path. */
  source: needed(kinds.text),
}

/**
 * Reads an IDX file of bytes, the format of MNIST; anything that is not exactly one is refused.
 *
 * Layout: two zero bytes, the element type (0x08), the rank 1 … 4, one big-endian uint32 per dimension, the data.
 *
 * @param file its bytes, not compressed; `data` of the result is a view of it
 * @throws GpdError `data.corrupt`: wrong magic number or type, too short, too long; `config.invalid` for what are no bytes
 * @example const { dims, data } = decodeIdx(bytes, { source: 'train-labels-idx1-ubyte' })
 * @see LeCun, Cortes, Burges, "The MNIST database of handwritten digits", section "File formats"
 */
export function decodeIdx(file: Bytes, options: Given<typeof OPTIONS>): IdxArray {
  const { source } = fillOptions('decodeIdx', OPTIONS, options)
  const bytes = bytesOf('decodeIdx', file)
  const header = readHeader(bytes, source)
  if (header === undefined) throw corrupt(source, 'a complete IDX header', `${bytes.length} bytes`)
  const { dims, start, size } = header
  const due = start + size
  if (bytes.length !== due) {
    throw corrupt(source, `${due} bytes for the sizes [${dims.join(', ')}]`, `${bytes.length}`)
  }
  return { dims, data: bytes.subarray(start) }
}
