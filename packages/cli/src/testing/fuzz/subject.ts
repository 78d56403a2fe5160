import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RandomStream } from '@gpdjs/core'
import { mutateBytes } from './mutate-bytes.ts'
import { mutateJson } from './mutate-json.ts'
import { reseal } from './reseal.ts'

export type Files = Readonly<Record<string, Uint8Array>>

/** A reader of files, and files that it reads. */
export interface Subject {
  /** Honest files, written into an empty folder; several variants, which take turns. */
  readonly variants: readonly ((folder: string) => Promise<void>)[]
  /** The file that is damaged. */
  readonly target: string
  /** The file of JSON that seals the others, if one does; it is forged for what was damaged. */
  readonly index?: string
  /** Reads the folder and frees what was read. */
  readonly read: (folder: string) => Promise<void>
  /** Damage of its own kind. Default: JSON by its structure, half of the time, and everything by its bytes. */
  readonly mutate?: (bytes: Uint8Array, random: RandomStream) => Uint8Array
}

const utf8 = {
  encode: (text: string) => new TextEncoder().encode(text),
  decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
}

/** The files of a folder. */
export async function filesOf(folder: string): Promise<Files> {
  const entries = await readdir(folder)
  return Object.fromEntries(
    await Promise.all(
      entries.map(async (name) => [name, Uint8Array.from(await readFile(join(folder, name)))] as const),
    ),
  )
}

function damaged(name: string, bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (!name.endsWith('.json') || random.integer(4) === 0) return mutateBytes(bytes, random)
  return utf8.encode(mutateJson(utf8.decode(bytes), random))
}

/** Digests that fit, where there is still an index to put them in. */
function forged(files: Files, index: string): Files {
  const { [index]: own, ...others } = files
  try {
    return { ...files, [index]: utf8.encode(reseal(utf8.decode(own!), others)) }
  } catch {
    return files
  }
}

/** The files with damage in one of them. */
export function mutateFiles({ target, index, mutate }: Subject, files: Files, random: RandomStream): Files {
  const bytes = mutate ? mutate(files[target]!, random) : damaged(target, files[target]!, random)
  const changed = { ...files, [target]: bytes }
  return index === undefined ? changed : forged(changed, index)
}

export async function writeFilesInto(folder: string, files: Files): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes)
}
