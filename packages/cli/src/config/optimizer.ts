import { GpdError } from '@gpdjs/core'
import { adamw, sgd, type Optimizer } from '@gpdjs/trainer'
import { given } from './given.ts'
import { scheduleOf } from './schedule.ts'
import type { Config } from './schema.ts'

type OptimizerConfig = Config['optimizer']

/** Options that only one of the optimizers has. */
const OWN: Readonly<Record<OptimizerConfig['name'], readonly string[]>> = {
  sgd: ['momentum', 'nesterov', 'decoupled'],
  adamw: ['beta1', 'beta2', 'epsilon'],
}

/** What is used where nothing is said: for SGD the published settings of GPD, for AdamW the function's own. */
const DEFAULTS: Readonly<Record<OptimizerConfig['name'], Partial<OptimizerConfig>>> = {
  sgd: { momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 },
  adamw: {},
}

const FACTORIES = { sgd, adamw } as const

/** @throws GpdError `config.invalid` for an option of the other optimizer */
export function optimizerOf({ name, learningRate, ...options }: OptimizerConfig): Optimizer {
  const other = name === 'sgd' ? 'adamw' : 'sgd'
  const foreign = Object.keys(given(options)).find((key) => OWN[other].includes(key))
  if (foreign !== undefined) {
    throw new GpdError(
      'config.invalid',
      `optimizer.${foreign}: '${name}' has no such option, '${other}' has.`,
      'Leave it out.',
    )
  }
  const rate = scheduleOf('optimizer.learningRate', learningRate)
  return FACTORIES[name]({ ...given({ ...DEFAULTS[name], ...given(options) }), learningRate: rate })
}
