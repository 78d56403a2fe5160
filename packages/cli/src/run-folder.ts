import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GpdError } from '@gpdjs/core'

/** Files of a finished run, by what they hold. */
export const RUN = {
  config: 'config.resolved.json',
  environment: 'env.json',
  metrics: 'metrics.jsonl',
  result: 'result.json',
  student: 'student',
  best: 'best',
} as const

const defaultName = () => join('runs', new Date().toISOString().slice(0, 19).replaceAll(':', '-'))

const unusable = (path: string, why: string) => new GpdError('config.invalid', `--output '${path}': ${why}.`, 'Choose a new or empty folder that can be written to.')

/**
 * A folder that a run may write to: made if it is not there. Checked before anything is trained.
 *
 * @throws GpdError `config.invalid` if it holds something already or cannot be written to
 */
export async function claimRunFolder(path = defaultName()): Promise<string> {
  const folder = resolve(path)
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unusable(path, error.message)
  })
  if (found && !found.isDirectory()) throw unusable(path, 'expected a folder, found a file')
  if (found && (await readdir(folder)).length > 0) throw unusable(path, 'expected an empty folder, found files in it')
  try {
    await mkdir(folder, { recursive: true })
    // A read-only file system lets folders be looked at but not written to.
    await writeFile(join(folder, RUN.environment), '{}\n')
  } catch (error) {
    throw unusable(path, (error as Error).message)
  }
  return folder
}

export async function writeJson(folder: string, name: string, value: object): Promise<void> {
  try {
    await writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)
  } catch (error) {
    throw new GpdError('output.unwritable', `Cannot write '${join(folder, name)}': ${(error as Error).message}.`, undefined, { cause: error })
  }
}
