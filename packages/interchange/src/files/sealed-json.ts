import { GpdError, parseJson } from '@gpdjs/core'
import { nodeFiles } from './node-modules.ts'

export type Json = Readonly<Record<string, unknown>>

/** What a file must be: its size in bytes and its SHA-256, in hexadecimal. */
export interface Seal {
  readonly bytes: number
  readonly sha256: string
}

const UNSET = '0'.repeat(64)

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export async function sealOf(content: Uint8Array | string): Promise<Seal> {
  const { createHash } = await nodeFiles('checkpoint.missing')
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Replaces the last `from`, which is the value of the last key. */
function replaceLast(text: string, from: string, to: string): string {
  const at = text.lastIndexOf(from)
  return text.slice(0, at) + to + text.slice(at + from.length)
}

/** All but the two keys that `sealedJson` adds. */
export function withoutSeals<T extends object>(sealed: T): T {
  const { files: _, sha256: __, ...own } = sealed as T & { files?: unknown; sha256?: unknown }
  return own as unknown as T
}

/**
 * JSON with two more keys, that readers who do not know them pass over: `files`, the seal of each file that belongs to
 * it, and `sha256`, the digest of the JSON's own bytes with 64 zeros in that place.
 */
export async function sealedJson(json: Json, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const seals = await Promise.all(
    Object.entries(files).map(async ([name, content]) => [name, await sealOf(content)] as const),
  )
  const text = `${JSON.stringify({ ...withoutSeals(json), files: Object.fromEntries(seals), sha256: UNSET }, null, 1)}\n`
  return replaceLast(text, UNSET, (await sealOf(text)).sha256)
}

const isSeal = (value: unknown): value is Seal =>
  isRecord(value) && typeof value['bytes'] === 'number' && typeof value['sha256'] === 'string'

export const corrupt = (source: string, problem: string, cause?: unknown): GpdError =>
  new GpdError('checkpoint.corrupt', `${source}: ${problem}.`, 'Write or download it again.', { cause })

/** A JSON object, and how its files are sealed; without seals it was written before there were any. */
export interface Unsealed {
  readonly json: Json
  readonly text: string
  readonly seals: ReadonlyMap<string, Seal> | undefined
}

function parse(bytes: Uint8Array, source: string): { json: Json; text: string } {
  let json: unknown
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    json = parseJson(text)
  } catch (error) {
    throw corrupt(source, `expected JSON, ${(error as Error).message}`, error)
  }
  if (isRecord(json)) return { json, text }
  throw corrupt(source, 'expected a JSON object')
}

/**
 * Reads sealed JSON.
 *
 * @throws GpdError `checkpoint.corrupt` if it is no JSON object, or is not as it was written
 */
export async function unsealJson(bytes: Uint8Array, source: string): Promise<Unsealed> {
  const { json, text } = parse(bytes, source)
  const { files, sha256 } = json
  if (files === undefined && sha256 === undefined) return { json, text, seals: undefined }
  const entries = isRecord(files) ? Object.entries(files) : []
  const known = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) && entries.every(([, seal]) => isSeal(seal))
  const found = known ? (await sealOf(replaceLast(text, sha256, UNSET))).sha256 : undefined
  if (found !== undefined && found === sha256) return { json, text, seals: new Map(entries as [string, Seal][]) }
  const fix = 'Write or download it again. If it was changed on purpose, remove its keys files and sha256.'
  throw new GpdError('checkpoint.corrupt', `${source}: it is not as it was written: its digest differs.`, fix)
}

/** @throws GpdError `checkpoint.corrupt` if the bytes are not those that were sealed */
export async function checkSealed(bytes: Uint8Array, seal: Seal | undefined, source: string): Promise<void> {
  if (seal === undefined) throw corrupt(source, 'it was not there when the folder was written')
  const found = await sealOf(bytes)
  if (found.bytes !== seal.bytes) throw corrupt(source, `expected ${seal.bytes} bytes, found ${found.bytes}`)
  if (found.sha256 !== seal.sha256) throw corrupt(source, 'it is not as it was written: its digest differs')
}
