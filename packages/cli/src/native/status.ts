import { join } from 'node:path'
import { checkAddon } from './check-addon.ts'
import { currentLink, type Link } from './current-link.ts'
import type { NativeFolders } from '@gpdjs/backends/native'

export interface NativeStatus {
  readonly linked: boolean
  /** False also where nothing is linked. */
  readonly works: boolean
  readonly folder?: string
  readonly link?: Link
  /** Why it does not work. */
  readonly problem?: string
}

/** What is linked, and whether it computes. */
export async function nativeStatus(folders: NativeFolders): Promise<NativeStatus> {
  let current
  try {
    current = await currentLink(folders)
  } catch (error) {
    return { linked: true, works: false, problem: (error as Error).message }
  }
  if (current === undefined)
    return { linked: false, works: false, problem: 'No TensorFlow is linked. Run `gpd native install`.' }
  try {
    await checkAddon(join(current.folder, 'tfjs_binding.node'))
    return { linked: true, works: true, ...current }
  } catch (error) {
    return { linked: true, works: false, ...current, problem: (error as Error).message }
  }
}
