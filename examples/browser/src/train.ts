import { cifarResnet } from '@gpdjs/architectures'
import { moments, type ImageSet, imageSource } from '@gpdjs/data'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { cosine, distill, dynamicTeacher, sgd, type Callbacks, type DistillResult } from '@gpdjs/trainer'

export interface TrainOptions {
  readonly epochs: number
  /** Default 32. */
  readonly batchSize?: number
  /** Ends training after a step. */
  readonly signal?: AbortSignal
}

/** A small student beside its dynamic teacher. Between steps messages and timers get their turn. */
export function train(
  { train, test }: Readonly<Record<'train' | 'test', ImageSet>>,
  { epochs, batchSize = 32, signal }: TrainOptions,
  callbacks: Callbacks,
): Promise<DistillResult> {
  const normal = moments(train)
  return distill({
    student: cifarResnet({ blocks: [1, 1], width: 8, inputShape: train.shape, classes: train.classes }),
    data: { train: imageSource(train, { moments: normal }), validation: imageSource(test, { moments: normal }) },
    optimizer: sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 }),
    epochs,
    batchSize,
    plugins: [dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) })],
    callbacks,
    ...(signal && { signal }),
  })
}
