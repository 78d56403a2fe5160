import { fillOptions, pickOptions, type Given } from '@gpdjs/core'
import { adamw, ADAMW_OPTIONS } from './adamw.ts'
import type { Optimizer } from './optimizer.ts'

export const ADAM_OPTIONS = pickOptions(ADAMW_OPTIONS, 'learningRate', 'beta1', 'beta2', 'epsilon', 'clipGlobalNorm')

export type AdamOptions = Given<typeof ADAM_OPTIONS>

/**
 * Adam: `θ ← θ − η m̂ / (√v̂ + ε)`, which is `adamw` without weight decay.
 *
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`
 * @example adam({ learningRate: 1e-3 })
 * @see Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015
 */
export function adam(options: AdamOptions): Optimizer {
  const filled = fillOptions('adam', ADAM_OPTIONS, options)
  return { ...adamw({ ...filled, weightDecay: 0 }), name: 'adam' }
}
