import * as tf from '@tensorflow/tfjs'
import type { Batch, BatchSource } from '@gpdjs/core'
import type { Optimizer } from '../optimizers/optimizer.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { INDEX } from '../pipeline/check-data.ts'
import { valueAt } from '../schedule.ts'
import type { StepScalars, TrainingBatch } from '../gradient-pass.ts'
import { trainingStep } from '../step.ts'
import { disposeReplaced, type TrainingState } from '../training-state.ts'
import type { Callbacks, Logs } from '../callbacks.ts'
import { waitedFor } from './data-wait.ts'
import { chunksOf } from './chunks.ts'
import { lookahead, type Lookahead } from './lookahead.ts'
import type { OutputCache } from './output-cache.ts'
import { readMetrics } from './read-metrics.ts'
import { runningMean } from './running-mean.ts'

/** What stays the same through a run. */
export interface TrainingLoop {
  readonly pipeline: Pipeline
  readonly optimizer: Optimizer
  readonly source: BatchSource
  readonly cache: OutputCache
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

function scalarsAt({ pipeline, totalSteps }: TrainingLoop, step: number): StepScalars {
  const progress = { step, totalSteps }
  return {
    totalSteps,
    weights: Object.fromEntries(pipeline.terms.map(({ name, weight }) => [name, valueAt(weight, progress)])),
  }
}

/** A batch with its positions in the set as a field, and what is remembered of it. */
async function withKnown(batch: Batch, cache: OutputCache): Promise<TrainingBatch> {
  const known = await cache.lookUp(batch)
  const index = tf.tensor1d(Int32Array.from(batch.index), 'int32')
  return { fields: { ...batch.fields, [INDEX]: index }, known }
}

const disposeBatch = ({ fields, known = {} }: TrainingBatch) =>
  tf.dispose([{ ...fields }, ...Object.values(known).flatMap(({ outputs, taps }) => [{ ...outputs }, { ...taps }])])

const notFinite = (values: Logs): string[] => Object.keys(values).filter((name) => !Number.isFinite(values[name]))

/** Milliseconds: browsers round their clock, down to no time at all for a step. */
const CLOCK_RESOLUTION = 1

const disposeFields = ({ fields }: Batch) => tf.dispose({ ...fields })

/** The batches of an epoch in chunks that make one step each, one chunk ahead of the step. */
function chunksAhead({ source, batchSize, seed, accumulate }: TrainingLoop, epoch: number): Lookahead<Batch[]> {
  const batches = source.batches({ batchSize, seed, epoch, training: true })
  return lookahead(chunksOf(batches, accumulate, disposeFields), (chunk) => chunk.forEach(disposeFields))
}

/** A step and its metrics; `prepare` is called while the device may still be computing the step. */
async function takeStep(loop: TrainingLoop, state: TrainingState, chunk: Batch[], prepare: () => void) {
  const batches = await Promise.all(chunk.map((batch) => withKnown(batch, loop.cache)))
  const scalars = scalarsAt(loop, state.step)
  const { state: next, metrics } = trainingStep(loop.pipeline, loop.optimizer, state, batches, scalars)
  batches.forEach(disposeBatch)
  const reading = readMetrics(metrics)
  const waited = await waitedFor(reading, prepare)
  const rates = loop.optimizer.rates({ step: state.step, totalSteps: loop.totalSteps })
  return { next, values: await reading, waited, rates }
}

/** Steps until the data, or training, is over. `replace` is called with the new state of each step. */
async function trainOn(
  chunks: Lookahead<Batch[]>,
  loop: TrainingLoop,
  start: TrainingState,
  replace: (state: TrainingState) => void,
): Promise<EpochResult> {
  const mean = runningMean()
  let state = start
  const end = (outcome: Outcome, problem?: string): EpochResult => ({
    state,
    logs: mean.values(),
    outcome,
    ...(problem && { problem }),
  })

  for (;;) {
    const began = performance.now()
    const chunk = chunks.take()
    if (chunk === undefined) return end('completed')
    const loaded = performance.now() - began
    const goesOn = state.step + 1 < loop.lastStep
    const { next, values, waited, rates } = await takeStep(loop, state, chunk, () => {
      if (goesOn) chunks.prepare()
    })
    const broken = notFinite(values)
    if (broken.length > 0) {
      disposeReplaced(next, state)
      const shown = Object.entries(rates).map(([name, rate]) => `${name.replace('-', ' ')} ${rate}`)
      return end('diverged', `${broken.join(', ')} not finite at step ${state.step}, ${shown.join(', ')}`)
    }
    disposeReplaced(state, next)
    state = next
    replace(state)
    const milliseconds = Math.max(performance.now() - began, CLOCK_RESOLUTION)
    const logs = {
      ...values,
      ...rates,
      'samples-per-second': (1000 * loop.batchSize * chunk.length) / milliseconds,
      'data-wait': (loaded + waited) / milliseconds,
    }
    mean.add(logs)
    await loop.callbacks.onBatchEnd(state.step, logs)
    if (loop.signal?.aborted) return end('aborted')
    if (state.step >= loop.lastStep) return end(state.step >= loop.totalSteps ? 'completed' : 'stopped')
  }
}

/**
 * One pass over the data. The state that goes in is disposed of, except where the one that comes out is the same.
 *
 * @throws whatever the source or a callback throws, once, after the steps before it; no state is left then
 */
export async function trainEpoch(loop: TrainingLoop, start: TrainingState, epoch: number): Promise<EpochResult> {
  const chunks = chunksAhead(loop, epoch)
  let state = start
  try {
    return await trainOn(chunks, loop, start, (next) => void (state = next))
  } catch (error) {
    disposeReplaced(state)
    throw error
  } finally {
    chunks.close()
  }
}
