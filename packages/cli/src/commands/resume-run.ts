import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GpdError } from '@gpdjs/core'
import { wholeNumber } from '../options.ts'
import { RUN } from '../run-folder.ts'

/** Options of commands that train. */
export const TRAINING_OPTIONS = {
  config: { type: 'string' },
  output: { type: 'string' },
  backend: { type: 'string' },
  'max-steps': { type: 'string' },
  'save-every': { type: 'string' },
  resume: { type: 'string' },
  'allow-change': { type: 'string', multiple: true },
  'force-unlock': { type: 'boolean' },
  json: { type: 'boolean' },
} as const

/** @throws GpdError `config.invalid` */
export const maxStepsOf = ({ 'max-steps': text }: { readonly 'max-steps'?: string | undefined }): number | undefined =>
  text === undefined ? undefined : wholeNumber('--max-steps', text, 1)

/** What `--resume` asks for. */
export interface ResumeRequest {
  /** Whether there must be a run to go on with. */
  readonly must: boolean
  /** Where it is; by the configuration if left out. */
  readonly folder: string | undefined
}

/**
 * `--resume` (the run in `--output`), `--resume PATH` or `--resume=auto` (go on, or begin).
 *
 * @throws GpdError `config.invalid` if two different folders are named
 */
export function resumeRequest(asked: string | undefined, output: string | undefined): ResumeRequest | undefined {
  if (asked === undefined) return undefined
  if (asked === '' || asked === 'auto') return { must: asked === '', folder: output }
  if (output === undefined || resolve(output) === resolve(asked)) return { must: true, folder: asked }
  const problem = `--resume '${asked}': expected the folder of --output, which is '${output}', or no --output.`
  throw new GpdError('config.invalid', problem, 'A run goes on in its own folder.')
}

/** @throws GpdError `config.missing` */
export function folderToResume({ folder }: ResumeRequest, output: string | undefined): string {
  const found = folder ?? output
  if (found !== undefined) return resolve(found)
  throw new GpdError('config.missing', '--resume: expected the folder of a run.', 'Use --resume PATH, or --output DIR.')
}

const missing = (folder: string) =>
  new GpdError(
    'checkpoint.missing',
    `'${folder}': expected a run to go on with, found none.`,
    'Check the path. --resume=auto begins one where there is none.',
  )

/**
 * The file with the resolved configuration of the run in a folder; undefined if there is no run, where that is allowed.
 *
 * @throws GpdError `checkpoint.missing`
 */
export async function savedConfigFile(folder: string, must: boolean): Promise<string | undefined> {
  const file = join(folder, RUN.config)
  try {
    await readFile(file)
    return file
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (must || (code !== 'ENOENT' && code !== 'ENOTDIR')) throw missing(folder)
    return undefined
  }
}

/** What a file of JSON holds; undefined if it is not there, or damaged. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch {
    return undefined
  }
}
