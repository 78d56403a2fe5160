import * as tf from '@tensorflow/tfjs'
import type { Batch, BatchSource } from '@gpdjs/core'
import type { Optimizer } from '../optimizers/optimizer.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { INDEX } from '../pipeline/check-data.ts'
import type { TrainingBatch } from '../gradient-pass.ts'
import { trainingStep } from '../step.ts'
import { disposeReplaced, type TrainingState } from '../training-state.ts'
import type { Callbacks, Logs } from '../callbacks.ts'
import type { DivergencePolicy } from '../distill-options.ts'
import { finiteness } from './divergence.ts'
import { dropAnchor, replaceState, type RunProgress } from './progress.ts'
import { waitedFor } from './data-wait.ts'
import { chunksOf } from './chunks.ts'
import { lookahead, type Lookahead } from './lookahead.ts'
import type { OutputCache } from './output-cache.ts'
import { readMetrics } from './read-metrics.ts'
import { scalarsAt } from './scalars-at.ts'

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
  readonly divergence: DivergencePolicy
}

export type Outcome = 'completed' | 'stopped' | 'aborted' | 'diverged'

export interface EpochResult {
  /** `completed`: the epoch is over; anything else: training is. */
  readonly outcome: Outcome
  /** Which numbers were not finite, where training diverged. */
  readonly problem?: string
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

/** The batches of an epoch from some step on, in chunks that make one step each, one chunk ahead of the step. */
function chunksAhead(
  { source, batchSize, seed, accumulate }: TrainingLoop,
  { epoch, stepsInEpoch }: RunProgress,
): Lookahead<Batch[]> {
  const batches = source.batches({ batchSize, seed, epoch, training: true, start: stepsInEpoch * accumulate })
  return lookahead(chunksOf(batches, accumulate, disposeFields), (chunk) => chunk.forEach(disposeFields))
}

/** The step itself. Batches are disposed of, whatever happens. */
async function computeStep(loop: TrainingLoop, state: TrainingState, chunk: readonly Batch[]) {
  const batches: TrainingBatch[] = []
  try {
    for (const batch of chunk) batches.push(await withKnown(batch, loop.cache))
    return trainingStep(loop.pipeline, loop.optimizer, state, batches, scalarsAt(loop, state.step))
  } finally {
    chunk.forEach(disposeFields)
    batches.forEach(disposeBatch)
  }
}

/** Read back with the metrics of a step, and not logged. */
const RESULT = 'the result'

/** A step and its metrics; `prepare` is called while the device may still be computing the step. */
async function takeStep(loop: TrainingLoop, state: TrainingState, chunk: readonly Batch[], prepare: () => void) {
  const { state: next, metrics } = await computeStep(loop, state, chunk)
  try {
    const reading = readMetrics({ ...metrics, [RESULT]: finiteness(next, state) })
    const waited = await waitedFor(reading, prepare)
    const rates = loop.optimizer.rates({ step: state.step, totalSteps: loop.totalSteps })
    const { [RESULT]: result, ...values } = await reading
    return { next, values, broken: notFinite({ ...values, [RESULT]: result! }), waited, rates }
  } catch (error) {
    disposeReplaced(next, state)
    throw error
  }
}

type Step = Awaited<ReturnType<typeof takeStep>>

function problemOf({ broken, rates }: Step, step: number): string {
  const shown = Object.entries(rates).map(([name, rate]) => `${name.replace('-', ' ')} ${rate}`)
  return `${broken.join(', ')} not finite at step ${step}, ${shown.join(', ')}`
}

/** What is gone on from after a step that is not accepted; undefined if training ends. */
function afterRefused({ divergence: { policy, most } }: TrainingLoop, progress: RunProgress) {
  if (policy === 'stop' || progress.refused.length > most) return undefined
  const { state, anchor } = progress
  return { ...(policy === 'rollback' ? anchor! : state), step: state.step + 1 }
}

/** Accepts a step, or what the policy puts in its place. Returns why training ends, if it does. */
function acceptStep(loop: TrainingLoop, progress: RunProgress, step: Step): string | undefined {
  const { state } = progress
  if (step.broken.length === 0) {
    replaceState(progress, step.next)
  } else {
    disposeReplaced(step.next, state, progress.anchor)
    const problem = problemOf(step, state.step)
    progress.refused = [...progress.refused, { step: state.step, problem }]
    const instead = afterRefused(loop, progress)
    if (instead === undefined) return problem
    replaceState(progress, instead)
  }
  progress.stepsInEpoch++
  return undefined
}

/** Steps until the data, or training, is over. */
async function trainOn(chunks: Lookahead<Batch[]>, loop: TrainingLoop, progress: RunProgress): Promise<EpochResult> {
  for (;;) {
    if (loop.signal?.aborted) return { outcome: 'aborted' }
    const { step: taken } = progress.state
    if (taken >= loop.lastStep) return { outcome: taken >= loop.totalSteps ? 'completed' : 'stopped' }
    const began = performance.now()
    const chunk = chunks.take()
    if (chunk === undefined) return { outcome: 'completed' }
    const loaded = performance.now() - began
    const step = await takeStep(loop, progress.state, chunk, () => {
      if (taken + 1 < loop.lastStep) chunks.prepare()
    })
    const problem = acceptStep(loop, progress, step)
    if (problem !== undefined) return { outcome: 'diverged', problem }
    const milliseconds = Math.max(performance.now() - began, CLOCK_RESOLUTION)
    const logs = {
      ...step.values,
      ...step.rates,
      'samples-per-second': (1000 * loop.batchSize * chunk.length) / milliseconds,
      'data-wait': (loaded + step.waited) / milliseconds,
    }
    if (step.broken.length === 0) progress.mean.add(logs)
    await loop.callbacks.onBatchEnd(progress.state.step, logs)
  }
}

/**
 * One pass over the data, or what is left of it. States that are replaced are disposed of.
 *
 * @throws whatever the source or a callback throws, once, after the steps before it
 */
export async function trainEpoch(loop: TrainingLoop, progress: RunProgress): Promise<EpochResult> {
  if (loop.divergence.policy === 'rollback' && progress.stepsInEpoch === 0) dropAnchor(progress)
  const chunks = chunksAhead(loop, progress)
  try {
    return await trainOn(chunks, loop, progress)
  } finally {
    chunks.close()
  }
}
