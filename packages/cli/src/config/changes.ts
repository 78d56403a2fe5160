import { GpdError, isRecord } from '@gpdjs/core'
import type { Config } from './schema.ts'

/** `epochs: 10 → 20` */
export interface Change {
  readonly key: string
  readonly before: unknown
  readonly now: unknown
}

const shown = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value))

export const changeText = ({ key, before, now }: Change): string => `${key}: ${shown(before)} → ${shown(now)}`

/** Every entry that differs; lists are compared as a whole. */
export function changesOf(before: unknown, now: unknown, key = ''): Change[] {
  if (isRecord(before) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    return keys.flatMap((inner) => changesOf(before[inner], now[inner], key === '' ? inner : `${key}.${inner}`))
  }
  return JSON.stringify(before) === JSON.stringify(now) ? [] : [{ key, before, now }]
}

/**
 * Keys that may differ when a run goes on: how long and how often it is saved, where it is, and paths, since what they lead
 * to is compared by its content.
 */
const SAFE = ['output', 'epochs', 'patience', 'checkpoints', 'data.directory', 'teacher.weights', 'student.weights']

export const isUnder = (key: string, entry: string): boolean => key === entry || key.startsWith(`${entry}.`)

/**
 * @param allow keys that may differ too
 * @throws GpdError `checkpoint.incompatible` with every change that is not allowed, one in a line
 */
export function checkChanges(folder: string, changes: readonly Change[], allow: readonly string[]): void {
  const refused = changes.filter(({ key }) => ![...SAFE, ...allow].some((entry) => isUnder(key, entry)))
  if (refused.length === 0) return
  throw new GpdError(
    'checkpoint.incompatible',
    `'${folder}': the run there was begun with another configuration:\n${refused.map((change) => `  ${changeText(change)}`).join('\n')}\n`,
    `Go on with the configuration of that run, allow a change (--allow-change ${refused[0]!.key}), or begin a new run.`,
  )
}

/** What a key of the configuration makes of a run: entries of its identity, as checkpoints know it. */
const IDENTITY: Readonly<Record<keyof Config, readonly string[]>> = {
  student: ['networks'],
  data: ['data', 'samples'],
  teacher: ['networks', 'constants', 'weights'],
  dynamicTeacher: ['networks', 'weights'],
  labelWeight: ['weights'],
  labelViews: ['weights'],
  epochs: ['rates', 'weights'],
  batchSize: ['batchSize'],
  accumulate: ['accumulate'],
  patience: [],
  optimizer: ['optimizer', 'rates'],
  ema: [],
  checkpoints: [],
  divergence: [],
  seed: ['seed'],
  backend: [],
  output: [],
}

/** What the checkpoints may say differently, where changes of these keys are allowed. */
export const allowedIdentity = (allow: readonly string[]): string[] => [
  ...new Set(allow.flatMap((key) => [key, ...(IDENTITY[key.split('.')[0] as keyof Config] ?? [])])),
]
