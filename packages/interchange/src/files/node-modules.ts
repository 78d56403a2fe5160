import { GpdError, type ErrorCode } from '@gpdjs/core'
import type * as files from 'node:fs/promises'
import type * as paths from 'node:path'

/** Imported by a name that is computed at run time, so that bundlers for browsers do not resolve these modules. */
const nodeModule = async <M>(name: string): Promise<M> =>
  (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as M

/**
 * Node's modules for files, loaded when files are used, so that the rest of the package also runs in browsers.
 *
 * @throws GpdError with the given code where there is no Node
 */
export async function nodeFiles(code: ErrorCode): Promise<typeof files & Pick<typeof paths, 'dirname' | 'join'>> {
  try {
    const [fileModule, { dirname, join }] = await Promise.all([
      nodeModule<typeof files>('node:fs/promises'),
      nodeModule<typeof paths>('node:path'),
    ])
    return { ...fileModule, dirname, join }
  } catch (cause) {
    throw new GpdError(
      code,
      'Folders and files are written and read in Node only.',
      "In a browser save with toLayersModel(…).save('downloads://student') or encodeSafetensors(…).",
      { cause },
    )
  }
}
