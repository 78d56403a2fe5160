import { availableParallelism } from 'node:os'
import * as tf from '@tensorflow/tfjs'
import { useBackend, type BackendChoice, type BackendReport } from '@gpdjs/backends'
import { GpdError } from '@gpdjs/core'
import { checkConfig } from '../config/check.ts'
import { loadFile } from '../config/load.ts'
import { mergeDeep, parseAssignment } from '../config/merge.ts'
import { resolvePaths } from '../config/prepare.ts'
import type { Config } from '../config/schema.ts'
import { say, type Io } from '../io.ts'
import { wholeNumber } from '../options.ts'

/** Options that change a configuration from the command line. */
export interface Overrides {
  readonly config?: string | undefined
  readonly seed?: string | undefined
  readonly backend?: string | undefined
  readonly set?: readonly string[] | undefined
}

/** @throws GpdError `config.missing` */
export function configFile(file: string | undefined): string {
  if (file !== undefined) return file
  throw new GpdError('config.missing', 'Expected --config FILE.', 'See docs/configuration.md for what it may hold.')
}

/**
 * The configuration of a run: the file, then the command line on top.
 *
 * @throws GpdError `config.missing`, `config.unknown-key`, `config.invalid`
 */
export async function readConfig({ config, seed, backend, set = [] }: Overrides): Promise<Config> {
  const file = configFile(config)
  const { value, folder } = await loadFile(file)
  const overrides = [
    ...set.map(parseAssignment),
    ...(seed === undefined ? [] : [{ seed: wholeNumber('--seed', seed) }]),
    ...(backend === undefined ? [] : [{ backend }]),
  ]
  return resolvePaths(checkConfig(overrides.reduce<unknown>(mergeDeep, value), file), folder)
}

/**
 * Chooses the backend, and prints which one and why.
 *
 * @throws GpdError `backend.unknown`, `backend.missing`, `backend.unsupported`
 */
export async function chooseBackend(io: Io, name: string): Promise<BackendReport> {
  const report = await useBackend(name as BackendChoice)
  say(io, `Backend: ${report.reason} Version: ${report.version}.`)
  return report
}

/** What a run ran on: the content of env.json. */
export const environment = ({ name, version }: BackendReport): object => ({
  node: process.version,
  tfjs: tf.version['tfjs'],
  backend: { name, version },
  platform: process.platform,
  arch: process.arch,
  cpus: availableParallelism(),
})

export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
