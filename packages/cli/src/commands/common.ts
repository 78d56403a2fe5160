import { GpdError, useBackend, type BackendChoice, type BackendReport } from '@gpdjs/core'
import { checkAgainst } from '../config/check.ts'
import { loadFile, mergeDeep, parseAssignment } from '../config/load.ts'
import { resolvePaths } from '../config/prepare.ts'
import { configSchema, type Config } from '../config/schema.ts'
import { say, type Io } from '../io.ts'

/** Options that change a configuration from the command line. */
export interface Overrides {
  readonly config?: string | undefined
  readonly seed?: string | undefined
  readonly backend?: string | undefined
  readonly set?: readonly string[] | undefined
}

/** @throws GpdError `config.invalid` */
export function wholeNumber(option: string, text: string, least = 0): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new GpdError('config.invalid', `${option}: expected a whole number of at least ${least}, got '${text}'.`)
}

/** The configuration of a run: the file, then the command line on top. */
export async function readConfig({ config: file, seed, backend, set = [] }: Overrides): Promise<Config> {
  if (file === undefined) throw new GpdError('config.missing', 'Expected --config FILE.', 'See docs/configuration.md for what it may hold.')
  const { value, folder } = await loadFile(file)
  const overrides = [...set.map(parseAssignment), ...(seed === undefined ? [] : [{ seed: wholeNumber('--seed', seed) }]), ...(backend === undefined ? [] : [{ backend }])]
  return resolvePaths(checkAgainst(configSchema, overrides.reduce<unknown>(mergeDeep, value), file), folder)
}

/** Chooses the backend and says which and why. */
export async function chooseBackend(io: Io, name: string): Promise<BackendReport> {
  const report = await useBackend(name as BackendChoice)
  say(io, `Backend: ${report.name} ${report.version}. ${report.reason}`)
  return report
}
