import { gunzipSync } from 'node:zlib'

const BLOCK = 512

/** @param {Buffer} field text up to its first NUL */
const text = (field) => field.toString('utf8').split('\0', 1)[0] ?? ''

/**
 * The files of a gzipped ustar archive, which is what `pnpm pack` writes.
 *
 * @param {Buffer} archive
 * @returns {Map<string, Buffer>} content by path
 * @see POSIX.1-2017, pax, "ustar Interchange Format": name at 0 (100 bytes), octal size at 124, type at 156, prefix at 345
 */
export function readTarball(archive) {
  const bytes = gunzipSync(archive)
  const files = new Map()
  let at = 0
  while (at + BLOCK <= bytes.length && bytes[at] !== 0) {
    const name = [text(bytes.subarray(at + 345, at + 500)), text(bytes.subarray(at, at + 100))]
      .filter(Boolean)
      .join('/')
    const size = Number.parseInt(text(bytes.subarray(at + 124, at + 136)), 8)
    const type = text(bytes.subarray(at + 156, at + 157))
    const start = at + BLOCK
    if (type === '' || type === '0') files.set(name, bytes.subarray(start, start + size))
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}
