/** The same small training run of GPD on several backends: how far their losses come apart. */
import { tensorSource } from '@gpdjs/data'
import * as tf from '@tensorflow/tfjs'
import { cifarResnet } from '@gpdjs/architectures'
import { randomStream, useBackend, type BackendChoice } from '@gpdjs/core'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { distill, dynamicTeacher, sgd } from '@gpdjs/trainer'

const IMAGES = 40
const BATCH = 8
const EPOCHS = 20
const CLASSES = 4

async function losses(backend: BackendChoice): Promise<readonly number[]> {
  await useBackend(backend)
  const stream = randomStream(0, 'curve')
  const pixels = Float32Array.from({ length: IMAGES * 64 }, () => stream.normal())
  const xs = tf.tensor4d(pixels, [IMAGES, 8, 8, 1])
  const ys = tf.tensor1d(
    Int32Array.from({ length: IMAGES }, (_, i) => i % CLASSES),
    'int32',
  )
  const values: number[] = []
  const run = await distill({
    student: cifarResnet({ blocks: [1, 1], width: 4, classes: CLASSES, inputShape: [8, 8, 1] }),
    data: { train: tensorSource({ xs, ys, classes: CLASSES }) },
    optimizer: sgd({ learningRate: 0.02, momentum: 0.9 }),
    epochs: EPOCHS,
    batchSize: BATCH,
    seed: 1,
    plugins: dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
    callbacks: { onBatchEnd: (_batch, { loss }) => void values.push(loss!) },
  })
  run.dispose()
  tf.dispose([xs, ys])
  return values
}

interface Row {
  readonly name: string
  /** Largest relative difference from cpu. */
  readonly largest: number
  /** Steps before the first that differs by more than 1e-5. */
  readonly equal: number
  readonly last: number
}

/** Trains on cpu, then on each of the others. */
export async function deviations(
  others: readonly string[],
): Promise<{ readonly steps: number; readonly rows: readonly Row[] }> {
  const reference = await losses('cpu')
  const rows: Row[] = [{ name: 'cpu', largest: 0, equal: reference.length, last: reference.at(-1)! }]
  for (const name of others) {
    const own = await losses(name as BackendChoice)
    const differences = own.map((loss, step) => Math.abs(loss / reference[step]! - 1))
    const first = differences.findIndex((difference) => difference > 1e-5)
    const equal = first === -1 ? own.length : first
    rows.push({ name, largest: Math.max(...differences), equal, last: own.at(-1)! })
  }
  return { steps: reference.length, rows }
}
