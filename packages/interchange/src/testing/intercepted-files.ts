import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { FileHandle } from 'node:fs/promises'

type Calls = Record<string, (...args: never[]) => Promise<unknown>>

const files = createRequire(import.meta.url)('node:fs/promises') as Calls & {
  open(...args: unknown[]): Promise<FileHandle>
}

/** Whatever storing folders calls, and the methods of open files. */
const NAMES = ['copyFile', 'lstat', 'mkdir', 'open', 'readFile', 'readdir', 'readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'writeFile'] // prettier-ignore

/** Called before each call, with its name and its arguments; what it throws the caller gets instead of an answer. */
export type Intercept = (name: string, args: readonly unknown[]) => Promise<void> | void

/** An open file that tells of what is done with it; half of what is to be written is written before the second call. */
function watched(handle: FileHandle, intercept: Intercept): Partial<FileHandle> {
  return {
    async writeFile(content) {
      const bytes = Buffer.from(content as Uint8Array)
      await intercept('write', [])
      await handle.write(bytes, 0, bytes.length >> 1)
      await intercept('write the rest', [])
      await handle.write(bytes, bytes.length >> 1)
    },
    async sync() {
      await intercept('sync', [])
      await handle.sync()
    },
    async close() {
      await handle.close()
      await intercept('close', [])
    },
  }
}

/** Puts a function between this process and its files, until what it returns is called. */
export function interceptFiles(intercept: Intercept): () => void {
  const real = Object.fromEntries(NAMES.map((name) => [name, files[name]!]))
  for (const name of NAMES) {
    files[name] = async (...args: never[]) => {
      await intercept(name, args)
      const answer = await real[name]!(...args)
      return name === 'open' ? watched(answer as FileHandle, intercept) : answer
    }
  }
  syncBuiltinESMExports()
  return () => {
    Object.assign(files, real)
    syncBuiltinESMExports()
  }
}

/**
 * Runs a function as a process that dies before its call number `last`: none after it is made, and what it leaves behind
 * belongs to a process that does not exist.
 *
 * @returns whether it died; the number of calls if it did not
 */
export async function dieBefore(last: number, run: () => Promise<unknown>): Promise<{ died: boolean; calls: number }> {
  const { pid } = process
  let calls = 0
  const restore = interceptFiles(() => {
    if (calls === last) throw new Error('this process is dead')
    calls++
  })
  Object.defineProperty(process, 'pid', { value: 2 ** 30 + last, configurable: true })
  try {
    await run()
    return { died: false, calls }
  } catch (error) {
    if (calls < last) throw error
    return { died: true, calls }
  } finally {
    restore()
    Object.defineProperty(process, 'pid', { value: pid, configurable: true })
  }
}
