import { GpdError, sizeOf } from '@gpdjs/core'
import { headerBytes, MAGIC_BYTES, MAX_RANK, MAX_SIZE, UNSIGNED_BYTE, type IdxArray } from './header.ts'

const isSize = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= MAX_SIZE

function checkArray({ dims, data }: IdxArray): void {
  const sizes = `[${dims.join(', ')}]`
  if (dims.length < 1 || dims.length > MAX_RANK || !dims.every(isSize)) {
    const problem = `encodeIdx: expected 1 … ${MAX_RANK} sizes of 0 … ${MAX_SIZE}, got ${sizes}.`
    throw new GpdError('data.mismatch', problem, 'Give one size per dimension.')
  }
  const size = sizeOf(dims)
  if (data.length !== size) {
    const problem = `encodeIdx: expected ${size} bytes for the sizes ${sizes}, got ${data.length}.`
    throw new GpdError('data.mismatch', problem, 'Give as many bytes as the product of the sizes.')
  }
}

/**
 * An IDX file of bytes; `decodeIdx` undoes it.
 *
 * @throws GpdError `data.mismatch` if sizes and data do not match, or the format cannot hold the sizes
 * @example encodeIdx({ dims: [2], data: Uint8Array.of(7, 9) }) // 0 0 8 1 · 0 0 0 2 · 7 9
 */
export function encodeIdx(array: IdxArray): Uint8Array {
  checkArray(array)
  const { dims, data } = array
  const start = headerBytes(dims.length)
  const bytes = new Uint8Array(start + data.length)
  bytes.set([0, 0, UNSIGNED_BYTE, dims.length])
  const view = new DataView(bytes.buffer)
  dims.forEach((dim, i) => view.setUint32(MAGIC_BYTES + 4 * i, dim))
  bytes.set(data, start)
  return bytes
}
