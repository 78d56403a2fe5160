import { GpdError } from '@gpdjs/core'
import { cosine, linear, multiStep, stepDecay, warmUp, type Schedule } from '@gpdjs/trainer'
import type { Config } from './schema.ts'

type ScheduleConfig = Exclude<Config['labelWeight'], number>

function needed<K extends keyof ScheduleConfig>(config: ScheduleConfig, key: K): NonNullable<ScheduleConfig[K]> {
  const value = config[key]
  if (value != null) return value as NonNullable<ScheduleConfig[K]>
  throw new GpdError('config.invalid', `A schedule of kind '${config.kind}' needs '${key}'.`)
}

const optional = <K extends string, V>(key: K, value: V | undefined) => (value === undefined ? {} : ({ [key]: value } as Record<K, V>))

const KINDS: Readonly<Record<ScheduleConfig['kind'], (config: ScheduleConfig) => Schedule>> = {
  constant: ({ start }) => start,
  cosine: ({ start, end }) => cosine(start, { ...optional('end', end) }),
  linear: (config) => linear(config.start, needed(config, 'end')),
  multiStep: (config) => multiStep(config.start, { milestones: needed(config, 'milestones'), ...optional('factor', config.factor) }),
  stepDecay: (config) => stepDecay(config.start, { every: needed(config, 'every'), ...optional('factor', config.factor) }),
}

/** A schedule as it is written in a configuration. */
export function scheduleOf(config: Config['labelWeight']): Schedule {
  if (typeof config === 'number') return config
  const schedule = KINDS[config.kind](config)
  return config.warmUp === undefined ? schedule : warmUp(schedule, { share: config.warmUp })
}
