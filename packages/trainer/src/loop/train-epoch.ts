import * as tf from '@tensorflow/tfjs'
import type { Optimizer } from '../optimizers/optimizer.ts'
import type { BatchSource, TensorBatch } from '../data/batch-source.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { valueAt } from '../schedule.ts'
import type { StepScalars, TrainingBatch } from '../gradient-pass.ts'
import { trainingStep } from '../step.ts'
import { disposeReplaced, type TrainingState } from '../training-state.ts'
import type { Callbacks, Logs } from './callbacks.ts'
import type { LogitsCache } from './logits-cache.ts'
import { nextTurn, readMetrics } from './read-metrics.ts'
import { RunningMean } from './running-mean.ts'

/** What stays the same through a run. */
export interface TrainingLoop {
  readonly pipeline: Pipeline
  readonly optimizer: Optimizer
  readonly source: BatchSource
  readonly caches: ReadonlyMap<string, LogitsCache>
  readonly batchSize: number
  /** Batches whose mean gradient makes one step. */
  readonly accumulate: number
  /** Length that schedules are stretched over. */
  readonly totalSteps: number
  /** Where to stop, if earlier. */
  readonly lastStep: number
  readonly seed: number
  readonly callbacks: Required<Callbacks>
  readonly signal: AbortSignal | undefined
}

export type Outcome = 'completed' | 'stopped' | 'aborted' | 'diverged'

export interface EpochResult {
  readonly state: TrainingState
  readonly logs: Record<string, number>
  /** `completed`: the epoch is over; anything else: training is. */
  readonly outcome: Outcome
  /** Which numbers were not finite, where training diverged. */
  readonly problem?: string
}

function scalarsAt({ pipeline, optimizer, totalSteps }: TrainingLoop, step: number): StepScalars {
  const progress = { step, totalSteps }
  return {
    learningRate: valueAt(optimizer.learningRate, progress),
    weights: Object.fromEntries(pipeline.terms.map(({ name, weight }) => [name, valueAt(weight, progress)])),
  }
}

async function withCachedLogits(batch: TensorBatch, caches: TrainingLoop['caches']): Promise<TrainingBatch> {
  const logits: Record<string, tf.Tensor2D> = {}
  for (const [name, cache] of caches) logits[name] = await cache.logits(batch)
  return { ...batch, index: tf.tensor1d(Int32Array.from(batch.index), 'int32'), logits }
}

const disposeBatch = ({ xs, ys, views, index, logits }: TrainingBatch) =>
  tf.dispose([xs, ys, { ...views }, index, { ...logits }])

/** Groups of `size`; what is left over at the end is dropped, as an incomplete batch is. */
function* groupsOf<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = []
  for (const item of items) {
    group.push(item)
    if (group.length < size) continue
    yield group
    group = []
  }
}

const notFinite = (values: Logs): string[] => Object.keys(values).filter((name) => !Number.isFinite(values[name]))

/** One pass over the data. The state that goes in is disposed of, except where the one that comes out is the same. */
export async function trainEpoch(loop: TrainingLoop, start: TrainingState, epoch: number): Promise<EpochResult> {
  const { pipeline, optimizer, source, batchSize, seed } = loop
  const mean = new RunningMean()
  let state = start
  const end = (outcome: Outcome, problem?: string): EpochResult => ({
    state,
    logs: mean.values(),
    outcome,
    ...(problem && { problem }),
  })

  for (const group of groupsOf(source.batches({ batchSize, seed, epoch, shuffle: true }), loop.accumulate)) {
    const began = performance.now()
    const batches = await Promise.all(group.map((batch) => withCachedLogits(batch, loop.caches)))
    const scalars = scalarsAt(loop, state.step)
    const next = trainingStep(pipeline, optimizer, state, batches, scalars)
    batches.forEach(disposeBatch)
    const values = await readMetrics(next.metrics)
    const broken = notFinite(values)
    if (broken.length > 0) {
      disposeReplaced(next.state, state)
      return end(
        'diverged',
        `${broken.join(', ')} not finite at step ${state.step}, learning rate ${scalars.learningRate}`,
      )
    }
    disposeReplaced(state, next.state)
    state = next.state
    const seconds = (performance.now() - began) / 1000
    const logs = {
      ...values,
      acc: values['student/accuracy']!,
      'learning-rate': scalars.learningRate,
      'images-per-second': (batchSize * group.length) / seconds,
    }
    mean.add(logs)
    await loop.callbacks.onBatchEnd(state.step, logs)
    await nextTurn()
    if (loop.signal?.aborted) return end('aborted')
    if (state.step >= loop.lastStep) return end(state.step >= loop.totalSteps ? 'completed' : 'stopped')
  }
  return end('completed')
}
