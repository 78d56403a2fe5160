import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { NativeFolders } from '@gpdjs/backends/native'
import type { OwnOperations } from './own-operations.ts'

/** The content of `link.json` in the folder of a link. */
export interface Link {
  readonly tensorflow: { readonly version: string; readonly folder: string }
  /** Version of the npm package whose sources were built. */
  readonly tfjsNode: string
  readonly platform: string
  readonly gpu: boolean
  /** ISO 8601 */
  readonly built: string
  /** Absent where they could not be built. */
  readonly operations?: OwnOperations
}

const LINK = 'link.json'

export const writeLink = (folder: string, link: Link): Promise<void> =>
  writeFile(join(folder, LINK), `${JSON.stringify(link, null, 2)}\n`)

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The link in use, or undefined if there is none that can be read. */
export async function currentLink({
  root,
  current,
}: NativeFolders): Promise<{ folder: string; link: Link } | undefined> {
  const pointer = (await readJson(current)) as { folder?: unknown } | undefined
  if (typeof pointer?.folder !== 'string') return undefined
  const folder = join(root, pointer.folder)
  const link = (await readJson(join(folder, LINK))) as Link | undefined
  return link === undefined ? undefined : { folder, link }
}

/** Puts a finished link in use, in one step, and removes the one that it replaces. */
export async function useLink(folders: NativeFolders, folder: string): Promise<void> {
  const previous = await currentLink(folders)
  const temporary = `${folders.current}.${process.pid}`
  await writeFile(temporary, `${JSON.stringify({ folder: `links/${basename(folder)}` })}\n`)
  await rename(temporary, folders.current)
  if (previous !== undefined && previous.folder !== folder) await rm(previous.folder, { recursive: true, force: true })
}

/** Removes all links; wheels stay. */
export async function removeLinks({ current, links }: NativeFolders): Promise<void> {
  await rm(current, { force: true })
  await rm(links, { recursive: true, force: true })
}
