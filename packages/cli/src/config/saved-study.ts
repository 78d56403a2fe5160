import { GpdError, isRecord } from '@gpdjs/core'
import { changesOf, checkChanges } from './changes.ts'
import { checkConfig } from './check.ts'
import { loadFile } from './load.ts'
import type { ResolvedStudy } from './study.ts'

const corrupt = (file: string) =>
  new GpdError('checkpoint.corrupt', `'${file}': expected the resolved configuration of a study.`, 'Begin a new study.')

/**
 * The study that a folder was made for.
 *
 * @throws GpdError `checkpoint.corrupt` if the file is another one
 */
export async function readSavedStudy(file: string): Promise<ResolvedStudy> {
  const { value } = await loadFile(file)
  if (!isRecord(value)) throw corrupt(file)
  const { configs, baseline, seeds } = value
  const isSeeds = Array.isArray(seeds) && seeds.every((seed) => Number.isSafeInteger(seed))
  if (!isRecord(configs) || !isSeeds || typeof baseline !== 'string' || !Object.hasOwn(configs, baseline))
    throw corrupt(file)
  const arms = Object.entries(configs).map(
    ([name, config]) => [name, checkConfig(config, `${file}: arm '${name}'`)] as const,
  )
  return { configs: new Map(arms), baseline, seeds: seeds as readonly number[] }
}

/**
 * Arms and seeds may be added to a study or left out; what an arm is must not change.
 *
 * @throws GpdError `checkpoint.incompatible`
 */
export function checkStudyChanges(
  folder: string,
  saved: ResolvedStudy,
  now: ResolvedStudy,
  allow: readonly string[],
): void {
  for (const [name, config] of now.configs) {
    const before = saved.configs.get(name)
    // Each arm has the seeds of the study.
    if (before)
      checkChanges(`${folder}', arm '${name}`, changesOf({ ...before, seed: 0 }, { ...config, seed: 0 }), allow)
  }
}
