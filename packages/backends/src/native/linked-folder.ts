import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NativeFolders } from './folders.ts'
import { distrust } from './trust.ts'

/** A name of one folder in `links`, and nothing that leads out of it. */
const NAME = /^links\/([A-Za-z0-9_][\w.+-]*)$/

function pointer(current: string): unknown {
  try {
    return (JSON.parse(readFileSync(current, 'utf8')) as { folder?: unknown } | null)?.folder
  } catch {
    return undefined
  }
}

/**
 * The folder of the link in use; nothing where nothing is linked.
 *
 * @throws Error if what is there leads out of the cache, or others than this user could have put or changed it
 */
export function linkedFolder({ root, links, current }: NativeFolders): string | undefined {
  const folder = pointer(current)
  if (typeof folder !== 'string') return undefined
  const name = NAME.exec(folder)?.[1]
  if (name === undefined)
    throw new Error(`the linked TensorFlow is not used: ${current} names '${folder}', no folder of its links`)
  const path = join(links, name)
  const reason = existsSync(path) ? distrust(root, [current, path]) : undefined
  if (reason === undefined) return path
  throw new Error(
    `the linked TensorFlow is not used: ${reason}. Whoever can write there can run programs as you. ` +
      `If everything in ${root} is yours, run chmod -R go-w ${root}; if not, remove it and run gpd native install`,
  )
}
