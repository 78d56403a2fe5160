import * as tf from '@tensorflow/tfjs'
import { GpdError, type Network, type TensorRecord } from '@gpdjs/core'
import { crossEntropy } from '@gpdjs/kd-losses'
import type { BatchSource } from './data/batch-source.ts'
import type { Heads } from './files/saved-heads.ts'
import { combineCallbacks, type Callbacks } from './loop/callbacks.ts'
import { logitsCaches } from './loop/logits-cache.ts'
import type { TrainingLoop } from './loop/train-epoch.ts'
import { missingView } from './looks.ts'
import type { Optimizer } from './optimizers/optimizer.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import type { PluginOption } from './pipeline/plugin.ts'
import type { LossTerm } from './pipeline/term.ts'
import type { Schedule } from './schedule.ts'

export interface DistillOptions {
  readonly student: Network
  /** Weights to begin with (fine-tuning). Copied. Default: drawn from the seed. */
  readonly parameters?: TensorRecord
  /** Batch-norm moments to begin with. Default mean 0, variance 1. */
  readonly statistics?: TensorRecord
  /** Heads of losses to begin with, as `run.heads` and `loadHeads` give them. Copied. Default: drawn from the seed. */
  readonly heads?: Heads
  /** `validation` is what epochs are judged by; without it only training numbers are logged. */
  readonly data: { readonly train: BatchSource; readonly validation?: BatchSource }
  readonly optimizer: Optimizer
  readonly epochs: number
  /** Images per batch. Default 64. */
  readonly batchSize?: number
  /** Batches whose mean gradient makes one step. Default 1. */
  readonly accumulate?: number
  /** The parts of the method: `staticTeacher(…)`, `dynamicTeacher(…)`, `ema(…)`, or one's own. */
  readonly plugins?: PluginOption
  /** Weight of the cross-entropy with the labels, for every learner. 0 for pure distillation. Default 1. */
  readonly labelWeight?: Schedule
  /** Further views of the images whose cross-entropy with the labels counts as well, such as `['strong']`. Default none. */
  readonly labelViews?: readonly string[]
  /** Default 42. */
  readonly seed?: number
  /** Stop after this many steps, with schedules as for the whole run. */
  readonly maxSteps?: number
  /** Evaluate every so many epochs (and after the last). Default 1. */
  readonly evaluateEvery?: number
  readonly callbacks?: Callbacks | readonly Callbacks[]
  /** Training stops after the step during which it is aborted; the result is what was reached. */
  readonly signal?: AbortSignal
}

const positive = (name: string, value: number): number => {
  if (Number.isInteger(value) && value > 0) return value
  throw new GpdError('config.invalid', `distill: ${name}: expected a positive integer, got ${value}.`)
}

const sum = <T>(items: readonly T[], term: (item: T) => tf.Scalar): tf.Scalar =>
  items.map(term).reduce((total, value) => tf.add(total, value))

/** The cross-entropy of a learner with the labels, of further views too. */
export const labelTerm =
  (weight: Schedule, views: readonly string[] = []) =>
  (learner: string): LossTerm | undefined =>
    weight === 0
      ? undefined
      : {
          name: `cross-entropy(${learner})`,
          weight,
          taps: { [learner]: [] },
          views,
          compute: (outputs, { labels, ...context }) =>
            sum([outputs, ...views.map((view) => context.views[view]!)], (seen) =>
              crossEntropy(seen[learner]!.logits, labels),
            ),
        }

/** @throws GpdError `data.missing` for a view of the images that a loss needs and the training data does not have */
export function checkViews({ terms }: Pipeline, { views = [] }: BatchSource): void {
  for (const { name, views: wanted = [] } of terms) {
    const missing = wanted.find((view) => !views.includes(view))
    if (missing !== undefined) throw missingView(name, missing, views)
  }
}

/** @throws GpdError `data.mismatch` unless the data are what the student takes */
export function checkData({ student, data }: DistillOptions): void {
  for (const [name, source] of Object.entries(data)) {
    if (source === undefined) continue
    if (source.classes !== student.classes) {
      throw new GpdError(
        'data.mismatch',
        `distill: the ${name} data has ${source.classes} classes, the student ${student.classes}.`,
      )
    }
    if (source.shape.join() !== student.inputShape.join()) {
      throw new GpdError(
        'data.mismatch',
        `distill: the ${name} images are [${source.shape.join(', ')}], the student takes [${student.inputShape.join(', ')}].`,
      )
    }
  }
}

/** Options with defaults filled in, as the loop wants them. */
export function planLoop(options: DistillOptions, pipeline: Pipeline): TrainingLoop & { stepsPerEpoch: number } {
  const { data, optimizer, callbacks = [], signal, seed = 42 } = options
  const batchSize = positive('batchSize', options.batchSize ?? 64)
  const accumulate = positive('accumulate', options.accumulate ?? 1)
  const stepsPerEpoch = Math.floor(Math.floor(data.train.size / batchSize) / accumulate)
  if (stepsPerEpoch === 0) {
    throw new GpdError(
      'config.invalid',
      `distill: ${data.train.size} training images make no step of ${accumulate} batches of ${batchSize}.`,
      'Use a smaller batch.',
    )
  }
  const totalSteps = positive('epochs', options.epochs) * stepsPerEpoch
  return {
    pipeline,
    optimizer,
    source: data.train,
    caches: logitsCaches(pipeline, data.train.size, data.train.augmented),
    batchSize,
    accumulate,
    stepsPerEpoch,
    totalSteps,
    lastStep: Math.min(totalSteps, options.maxSteps ?? totalSteps),
    seed,
    callbacks: combineCallbacks([callbacks].flat()),
    signal,
  }
}
