import { isGpdError, type GpdError } from '@gpdjs/core'
import { expect, vi } from 'vitest'
import { useLink, writeLink, type Link } from '../current-link.ts'
import type { NativeFolders } from '@gpdjs/backends/native'
import { nativeCommand } from '../index.ts'
import { fillFolder } from '../staging-folder.ts'

/** The error that a promise must fail with. */
export const failure = (promise: Promise<unknown>): Promise<GpdError> =>
  promise.then(
    () => expect.fail('expected an error'),
    (error: unknown) => (isGpdError(error) ? error : expect.fail(String(error))),
  )

/** Runs a command with a cache of its own; returns its output, or the error. */
export async function gpdNative(cache: string, ...args: string[]) {
  vi.stubEnv('GPD_CACHE', cache)
  const said = { stdout: '', stderr: '' }
  const sink = (stream: keyof typeof said) => ({ write: (text: string) => void (said[stream] += text) })
  const status = await nativeCommand(args, { stdout: sink('stdout'), stderr: sink('stderr') })
  return { ...said, status }
}

/** The description of a link that was made earlier. */
export const LINK: Link = {
  tensorflow: { version: '2.20.0', folder: '/somewhere' },
  tfjsNode: '4.22.0',
  platform: 'linux-x64',
  gpu: false,
  built: '2026-01-01T00:00:00.000Z',
}

/** A link that was made earlier. */
export async function earlierLink(folders: NativeFolders): Promise<string> {
  const { folder } = await fillFolder(folders.links, async (staging) => {
    await writeLink(staging, LINK)
    return { name: 'earlier', result: undefined }
  })
  await useLink(folders, folder)
  return folder
}
