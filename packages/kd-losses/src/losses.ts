import type { DistillationLoss } from '@gpdjs/core'
import { dkd } from './dkd.ts'
import { kd } from './kd.ts'
import { softCrossEntropy } from './soft-cross-entropy.ts'

/** Makes a distillation loss; refuses options that it does not know or whose values it does not take. */
export type LossFactory = (options?: Readonly<Record<string, number>>) => DistillationLoss

/**
 * Every distillation loss of this package by the name it bears in configurations.
 *
 * @example losses['dkd']?.({ beta: 2 })
 */
export const losses: Readonly<Record<string, LossFactory>> = {
  kd,
  dkd,
  'soft-cross-entropy': softCrossEntropy,
}
