import { GpdError, type Schedule } from '@gpdjs/core'
import { cosine, linear, multiStep, stepDecay, warmUp } from '@gpdjs/trainer'
import { given } from './given.ts'
import { at } from './key-path.ts'
import type { Config } from './schema.ts'

type ScheduleConfig = Exclude<Config['labelWeight'], number>
type Kind = ScheduleConfig['kind']
/** With every entry that its kind has. */
type Complete = { readonly [K in keyof ScheduleConfig]-?: NonNullable<ScheduleConfig[K]> }

/** How a schedule is made, which entries it needs, and which ones it takes beside `start` and `warmUp`. */
interface KindOfSchedule {
  readonly needs: readonly (keyof ScheduleConfig)[]
  readonly takes: readonly (keyof ScheduleConfig)[]
  readonly make: (config: Complete) => Schedule
}

const KINDS: Readonly<Record<Kind, KindOfSchedule>> = {
  constant: { needs: [], takes: [], make: ({ start }) => start },
  cosine: { needs: [], takes: ['end'], make: ({ start, end }) => cosine(start, given({ end })) },
  linear: { needs: ['end'], takes: ['end'], make: ({ start, end }) => linear(start, end) },
  multiStep: {
    needs: ['milestones'],
    takes: ['milestones', 'factor'],
    make: ({ start, milestones, factor }) => multiStep(start, { milestones, ...given({ factor }) }),
  },
  stepDecay: {
    needs: ['every'],
    takes: ['every', 'factor'],
    make: ({ start, every, factor }) => stepDecay(start, { every, ...given({ factor }) }),
  },
}

const COMMON: readonly string[] = ['kind', 'start', 'warmUp']

function checkEntries(config: ScheduleConfig): void {
  const { needs, takes } = KINDS[config.kind]
  const missing = needs.find((key) => config[key] === undefined)
  if (missing) throw new GpdError('config.invalid', `a schedule of kind '${config.kind}' needs '${missing}'.`)
  const foreign = Object.keys(given(config)).find((key) => !COMMON.includes(key) && !takes.some((name) => name === key))
  if (foreign === undefined) return
  const fix = takes.length === 0 ? 'Leave it out.' : `It has ${takes.join(', ')}.`
  throw new GpdError('config.invalid', `a schedule of kind '${config.kind}' has no '${foreign}'.`, fix)
}

/**
 * A schedule as it is written in a configuration.
 *
 * @param path where it is written, for messages
 * @throws GpdError `config.invalid` for entries that its kind needs or does not have
 */
export function scheduleOf(path: string, config: Config['labelWeight']): Schedule {
  if (typeof config === 'number') return config
  at(path, () => checkEntries(config))
  const schedule = KINDS[config.kind].make(config as Complete)
  return config.warmUp === undefined ? schedule : warmUp(schedule, { share: config.warmUp })
}
