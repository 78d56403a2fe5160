import { didYouMean, GpdError, isRecord, kinds, needed, type DistillationLoss, type Kind } from '@gpdjs/core'
import { losses } from '@gpdjs/kd-losses'
import { at } from './key-path.ts'
import { schedules, type ScheduleConfig, type ScheduleInput } from './schedule.ts'

/** A distillation loss by its name in `@gpdjs/kd-losses`, with that loss's own options beside it. */
export interface NamedLoss {
  readonly name: string
  readonly [option: string]: unknown
}

/**
 * A loss as it is written in a configuration.
 *
 * @throws GpdError `config.invalid` or `config.unknown-key` with the nearest name
 */
export function lossOf(path: string, { name, ...options }: NamedLoss): DistillationLoss {
  const factory = Object.hasOwn(losses, name) ? (losses[name] as (options: object) => DistillationLoss) : undefined
  if (factory) return at(path, () => factory(options))
  throw new GpdError(
    'config.invalid',
    `${path}.name: no loss is called '${name}'.`,
    didYouMean(name, Object.keys(losses)),
  )
}

const NAMED = kinds.record({ name: needed(kinds.text) })
const WEIGHTED = kinds.record({ name: needed(kinds.text), weight: needed(schedules) })

/** Checked by making the loss: its factory checks its options. */
export const namedLosses: Kind<NamedLoss> = {
  expected: NAMED.expected,
  read(value, place) {
    if (!isRecord(value)) return undefined
    const { name, ...options } = value
    const named = { ...NAMED.read({ name }, place)!, ...options }
    at(place.where, () => lossOf(place.path, named))
    return named
  },
}

/** One of several, with a weight of its own. */
export const weightedLosses: Kind<
  NamedLoss & { readonly weight: ScheduleConfig },
  NamedLoss & { readonly weight: ScheduleInput }
> = {
  expected: WEIGHTED.expected,
  read(value, place) {
    if (!isRecord(value)) return undefined
    const { weight, ...named } = value
    return { ...namedLosses.read(named, place)!, ...WEIGHTED.read({ name: named['name'], weight }, place)! }
  },
}
