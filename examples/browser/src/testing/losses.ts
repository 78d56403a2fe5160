import * as tf from '@tensorflow/tfjs'
import { useBackend, type BackendName, type BackendOptions } from '@gpdjs/backends'
import { shapes } from '../shapes.ts'
import { train } from '../train.ts'

/** What became of a check in a page. */
export interface Check {
  readonly value?: unknown
  readonly seconds?: number
  readonly error?: string
}

export interface Losses {
  /** Of each step. */
  readonly losses: readonly number[]
  /** Tensors that the run has left behind. */
  readonly left: number
}

/** A few steps of the example: the same in Node and in a page. */
export async function losses(backend: BackendName, options?: BackendOptions): Promise<Losses> {
  await useBackend(backend, options)
  const before = tf.memory().numTensors
  const found: number[] = []
  const run = await train(
    { train: shapes('train', 16), test: shapes('test', 8) },
    { epochs: 2, batchSize: 4 },
    {
      onBatchEnd: (_, logs) => void found.push(logs['loss']!),
    },
  )
  run.dispose()
  return { losses: found, left: tf.memory().numTensors - before }
}
