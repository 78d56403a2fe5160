import { createHash } from 'node:crypto'

const UNSET = '0'.repeat(64)
const digest = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** An index with the digests of what is beside it and of itself, as docs/interchange.md says: a file that somebody forged. */
export function reseal(text: string, files: Readonly<Record<string, Uint8Array>>): string {
  const { files: _, sha256: __, ...json } = JSON.parse(text) as Record<string, unknown>
  const seals = Object.entries(files).map(([name, bytes]) => [name, { bytes: bytes.length, sha256: digest(bytes) }])
  const unsealed = `${JSON.stringify({ ...json, files: Object.fromEntries(seals) as object, sha256: UNSET }, null, 1)}\n`
  const at = unsealed.lastIndexOf(UNSET)
  return unsealed.slice(0, at) + digest(unsealed) + unsealed.slice(at + UNSET.length)
}
