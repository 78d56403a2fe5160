import { GpdError, type ErrorCode } from '@gpdjs/core'
import type * as crypto from 'node:crypto'
import type * as files from 'node:fs/promises'
import type * as os from 'node:os'
import type * as paths from 'node:path'

/** Imported by a name that is computed at run time, so that bundlers for browsers do not resolve these modules. */
const nodeModule = async <M>(name: string): Promise<M> =>
  (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as M

/** What storing and reading folders takes of Node. */
export type NodeFiles = typeof files &
  Pick<typeof paths, 'basename' | 'dirname' | 'join' | 'resolve'> &
  Pick<typeof crypto, 'createHash' | 'randomBytes'> &
  Pick<typeof os, 'hostname'>

/**
 * Node's modules for files, loaded when files are used, so that the rest of the package also runs in browsers.
 *
 * @throws GpdError with the given code where there is no Node
 */
export async function nodeFiles(code: ErrorCode): Promise<NodeFiles> {
  try {
    const [fileModule, { basename, dirname, join, resolve }, { createHash, randomBytes }, { hostname }] =
      await Promise.all([
        nodeModule<typeof files>('node:fs/promises'),
        nodeModule<typeof paths>('node:path'),
        nodeModule<typeof crypto>('node:crypto'),
        nodeModule<typeof os>('node:os'),
      ])
    return { ...fileModule, basename, dirname, join, resolve, createHash, randomBytes, hostname }
  } catch (cause) {
    throw new GpdError(
      code,
      'Folders and files are written and read in Node only.',
      "In a browser save with toLayersModel(…).save('downloads://student') or encodeSafetensors(…).",
      { cause },
    )
  }
}
