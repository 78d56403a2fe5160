import { join } from 'node:path'
import { isRecord } from '@gpdjs/core'
import { RUN } from '../run-folder.ts'
import { readJson } from './resume-run.ts'
import type { Trial } from './study-result.ts'

const ENDED = ['completed', 'stopped', 'diverged']

const isShare = (value: unknown) => value === null || (typeof value === 'number' && value >= 0 && value <= 1)

const isCost = (value: unknown) =>
  isRecord(value) && isRecord(value['parameters']) && Number.isFinite(value['stepFlops'])

function isTrial(json: unknown): json is Trial {
  if (!isRecord(json)) return false
  const { seed, outcome, accuracy, seconds, cost, missing } = json
  const known = Number.isSafeInteger(seed) && ENDED.includes(String(outcome)) && Array.isArray(missing)
  return known && isShare(accuracy) && Number.isFinite(seconds) && isCost(cost)
}

/**
 * A training of a study that has ended and need not be repeated; undefined if there is none, it failed, not everything of it
 * could be written, it stopped after another number of steps than is asked for, or the file is damaged or another's.
 */
export async function savedTrial(
  folder: string,
  seed: number,
  maxSteps: number | undefined,
): Promise<Trial | undefined> {
  const trial = await readJson(join(folder, RUN.result))
  if (!isTrial(trial) || trial.seed !== seed || trial.missing.length > 0) return undefined
  return trial.outcome === 'stopped' && trial.maxSteps !== (maxSteps ?? null) ? undefined : trial
}
