import * as tf from '@tensorflow/tfjs'
import { avgPool } from './avg-pool.ts'
import { batchMatMul, maximum, minimum, squaredDifference } from './broadcasting.ts'
import { cumsum } from './cumsum.ts'
import type { GradientRepair } from './gradient-repair.ts'

/** Every gradient of tfjs-core that is replaced. */
export const gradientRepairs: readonly GradientRepair[] = [
  avgPool,
  batchMatMul,
  cumsum,
  maximum,
  minimum,
  squaredDifference,
]

const repaired = new WeakSet<object>()

/** Replaces the gradients of tfjs-core 4.22 that are wrong on every backend; doing it twice changes nothing. */
export function repairGradients(): void {
  for (const { kernel, create } of gradientRepairs) {
    const stock = tf.getGradient(kernel)
    if (stock === undefined || repaired.has(stock)) continue
    const replacement = { ...stock, gradFunc: create(stock.gradFunc) }
    tf.registerGradient(replacement)
    repaired.add(replacement)
  }
}
