import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { GpdError } from '@gpdjs/core/errors'
import { linkedFolder, type NativeFolders } from '@gpdjs/backends/native'
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

function trustedFolder(folders: NativeFolders): string | undefined {
  try {
    return linkedFolder(folders)
  } catch (error) {
    throw new GpdError('backend.unsupported', `native: ${(error as Error).message}.`)
  }
}

/**
 * The link in use, or undefined if there is none that can be read.
 *
 * @throws GpdError `backend.unsupported` if others than this user could have put or changed it
 */
export async function currentLink(folders: NativeFolders): Promise<{ folder: string; link: Link } | undefined> {
  const folder = trustedFolder(folders)
  if (folder === undefined) return undefined
  const link = (await readJson(join(folder, LINK))) as Link | undefined
  return link === undefined ? undefined : { folder, link }
}

/** Puts a finished link in use, in one step, and removes the one that it replaces. */
export async function useLink(folders: NativeFolders, folder: string): Promise<void> {
  // What is not trusted is left alone.
  const previous = await currentLink(folders).catch(() => undefined)
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
