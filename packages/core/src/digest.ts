/**
 * SHA-256 of several pieces one after another, as 64 hexadecimal digits: the digest of their digests, so that no piece is
 * copied, and `['ab', 'c']` is not `['a', 'bc']`.
 *
 * @returns undefined where there is no Web Crypto (a page that was not loaded over HTTPS)
 * @example await digestOf(['labels', new Uint8Array([0, 1])])
 */
export async function digestOf(pieces: readonly (string | ArrayBufferView)[]): Promise<string | undefined> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle
  if (subtle === undefined) return undefined
  const sha256 = async (bytes: ArrayBufferView) => new Uint8Array(await subtle.digest('SHA-256', bytes as BufferSource))
  const encoder = new TextEncoder()
  const digests: Uint8Array[] = []
  for (const piece of pieces) digests.push(await sha256(typeof piece === 'string' ? encoder.encode(piece) : piece))
  const all = await sha256(Uint8Array.from(digests.flatMap((digest) => [...digest])))
  return [...all].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
