import { didYouMean, GpdError } from '@gpdjs/core'
import { checkConfig, checkStudy } from './check.ts'
import { loadFile } from './load.ts'
import { mergeDeep } from './merge.ts'
import { resolvePaths } from './prepare.ts'
import type { Config } from './schema.ts'

/** The configuration of each arm by its name, in the order of the file. */
export type ArmConfigs = ReadonlyMap<string, Config>

export interface ResolvedStudy {
  readonly configs: ArmConfigs
  readonly baseline: string
  readonly seeds: readonly number[]
}

function baselineOf(file: string, names: readonly string[], asked: string | undefined): string {
  const baseline = asked ?? names[0]
  if (baseline === undefined) throw new GpdError('config.invalid', `${file}: arms: expected at least one.`)
  if (names.includes(baseline)) return baseline
  throw new GpdError(
    'config.invalid',
    `${file}: baseline: no arm is called '${baseline}'.`,
    didYouMean(baseline, names),
  )
}

function seedsOf(file: string, seeds: readonly number[]): readonly number[] {
  if (new Set(seeds).size === seeds.length) return seeds
  throw new GpdError('config.invalid', `${file}: seeds: expected different numbers, got ${seeds.join(', ')}.`)
}

/**
 * A study with the configuration of every arm checked.
 *
 * @throws GpdError `config.missing`, `config.unknown-key`, `config.invalid`
 */
export async function readStudy(file: string): Promise<ResolvedStudy> {
  const { value, folder } = await loadFile(file)
  const { base, arms, baseline, seeds } = checkStudy(value, file)
  const names = Object.keys(arms)
  const configOf = (name: string) =>
    resolvePaths(checkConfig(mergeDeep(base, arms[name]), `${file}: arm '${name}'`), folder)
  return {
    baseline: baselineOf(file, names, baseline),
    seeds: seedsOf(file, seeds),
    configs: new Map(names.map((name) => [name, configOf(name)])),
  }
}
