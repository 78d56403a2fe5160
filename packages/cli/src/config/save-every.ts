import { GpdError } from '@gpdjs/core'
import type { Config } from './schema.ts'

const UNITS: Readonly<Record<string, 'steps' | 'minutes' | 'epochs'>> = {
  '': 'steps',
  step: 'steps',
  steps: 'steps',
  m: 'minutes',
  min: 'minutes',
  epoch: 'epochs',
  epochs: 'epochs',
}

/**
 * `--save-every`: `500` steps, `10m` or `1epoch` takes the place of `checkpoints`, but for how many are kept; `off` saves none.
 *
 * @throws GpdError `config.invalid`
 */
export function withSaveEvery(config: Config, text: string | undefined): Config {
  if (text === undefined) return config
  if (text === 'off') return { ...config, checkpoints: false }
  const [, number, name] = /^(\d+(?:\.\d+)?)([a-z]*)$/.exec(text) ?? []
  const unit = name === undefined || !Object.hasOwn(UNITS, name) ? undefined : UNITS[name]
  const value = Number(number)
  if (unit === undefined || !(value > 0) || (unit !== 'minutes' && !Number.isSafeInteger(value)))
    throw new GpdError('config.invalid', `--save-every: expected 500, 10m, 1epoch or off, got '${text}'.`)
  const { keep } = config.checkpoints || { keep: 2 }
  return { ...config, checkpoints: { keep, [unit]: value } }
}
