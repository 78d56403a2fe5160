import type { Optimizer } from './optimizer.ts'

/**
 * Moves nothing, and costs nothing: no gradient of its tensors is computed.
 *
 * @example partition([{ tensors: 'student/fc.*', optimizer: adamw({ learningRate: 1e-3 }) }, { tensors: '*', optimizer: frozen() }])
 */
export const frozen = (): Optimizer => ({
  name: 'frozen',
  init: () => ({}),
  update: () => ({ trainables: {}, slots: {} }),
  rates: () => ({}),
  moves: () => false,
})
