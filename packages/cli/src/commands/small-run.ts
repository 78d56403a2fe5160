import { tensorSource } from '@gpdjs/data'
import * as tf from '@tensorflow/tfjs'
import { cifarResnet } from '@gpdjs/architectures'
import { randomStream } from '@gpdjs/core'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { distill, dynamicTeacher, sgd } from '@gpdjs/trainer'

const BATCH = 16
const SIDE = 12
const CLASSES = 10

/** What a step came to. */
export interface SmallStep {
  readonly loss: number
  readonly milliseconds: number
}

/** Steps of GPD on a very small network, with a batch of 16 images of 12×12: the same on every backend. */
export async function smallRun(count: number): Promise<readonly SmallStep[]> {
  const stream = randomStream(0, 'small run')
  const pixels = Float32Array.from({ length: BATCH * SIDE * SIDE }, () => stream.normal())
  const xs = tf.tensor4d(pixels, [BATCH, SIDE, SIDE, 1])
  const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES)
  const ys = tf.tensor1d(labels, 'int32')
  const steps: SmallStep[] = []
  let before = performance.now()
  const run = await distill({
    student: cifarResnet({ blocks: [1, 1, 1], width: 4, classes: CLASSES, inputShape: [SIDE, SIDE, 1] }),
    data: { train: tensorSource({ xs, ys, classes: CLASSES }) },
    optimizer: sgd({ learningRate: 0.01 }),
    epochs: count,
    batchSize: BATCH,
    plugins: dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
    callbacks: {
      onBatchEnd(_batch, { loss }) {
        steps.push({ loss: loss!, milliseconds: performance.now() - before })
        before = performance.now()
      },
    },
  })
  run.dispose()
  tf.dispose([xs, ys])
  return steps
}
