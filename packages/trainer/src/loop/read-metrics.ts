import * as tf from '@tensorflow/tfjs'
import type { StepMetrics } from '../gradient-pass.ts'

/** Reads all scalars of a step in one transfer, without blocking, and disposes of them. */
export async function readMetrics(metrics: StepMetrics): Promise<Record<string, number>> {
  const names = Object.keys(metrics)
  const stacked = tf.tidy(() => tf.stack(names.map((name) => metrics[name]!)))
  tf.dispose(metrics)
  const values = await stacked.data()
  stacked.dispose()
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]))
}
