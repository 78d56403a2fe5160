import * as tf from '@tensorflow/tfjs'
import { asOutOfMemory, fillOptions, freeOnFailure } from '@gpdjs/core'
import type { RunHandle, TrainInfo } from './callbacks.ts'
import { digestsOf, identityOf, type Digests } from './checkpoints/identity.ts'
import { resume, type Resumed } from './checkpoints/resume.ts'
import { snapshotOf } from './checkpoints/snapshot.ts'
import { DISTILL_OPTIONS, type DistillOptions, type FilledDistillOptions } from './distill-options.ts'
import { disposable, extractLearners, type DistillResult } from './distill-result.ts'
import { modelOf, type NamedModel } from './given-model.ts'
import { disposeBest } from './loop/best-epoch.ts'
import { planLoop, type PlannedLoop } from './loop/plan-loop.ts'
import { beginning, disposeProgress, type RunProgress } from './loop/progress.ts'
import { trainEpochs, type Ending } from './loop/train-epochs.ts'
import { checkBatch } from './pipeline/check-batch.ts'
import { checkData, networksOf } from './pipeline/check-data.ts'
import { checkValues } from './pipeline/check-values.ts'
import { buildPipeline, type Pipeline } from './pipeline/pipeline.ts'
import { defaultTask } from './tasks/default-task.ts'
import { disposeReplaced, initialState } from './training-state.ts'

/** What a pipeline owns: constants, the moments of actors that are not trained, and where training begins. */
function disposePipeline({ constants, actors, initial }: Pipeline): void {
  const moments = actors.filter(({ role }) => role !== 'learner').map(({ statistics }) => statistics)
  tf.dispose([constants, ...moments, { ...initial }])
}

/** Computes once, when it is first asked for. */
function once<T>(compute: () => T): () => T {
  let found: { readonly value: T } | undefined
  return () => (found ??= { value: compute() }).value
}

/** Where a run begins, or goes on. Of a run that fails here, nothing is left. */
async function startOf(
  loop: PlannedLoop,
  given: FilledDistillOptions['resume'],
  digests: () => Promise<Digests>,
): Promise<Resumed> {
  const start = freeOnFailure(() => initialState(loop.pipeline, loop.optimizer))
  try {
    const options = typeof given === 'string' ? { folder: given } : given
    const resumed = options && (await resume(options, loop, digests, start))
    return resumed ?? { progress: beginning(start), notes: [] }
  } catch (error) {
    disposeReplaced(start)
    throw error
  }
}

function infoOf(loop: PlannedLoop, { progress, notes }: Resumed): Omit<TrainInfo, 'notes'> {
  const { epochs, stepsPerEpoch, totalSteps, batchSize, pipeline } = loop
  const { epoch, state } = progress
  return {
    epochs,
    stepsPerEpoch,
    totalSteps,
    batchSize,
    actors: pipeline.actors.map(({ name }) => name),
    losses: pipeline.terms.map(({ name }) => name),
    ...(state.step > 0 && { resumed: { step: state.step, epoch, notes } }),
  }
}

/** What is left of a run: plain networks. Of the run itself nothing is. */
function resultOf(pipeline: Pipeline, progress: RunProgress, { judged, ...ending }: Ending) {
  const extracted = extractLearners(pipeline, progress.state)
  const { step: steps } = progress.state
  const { best } = judged
  disposeProgress({ ...progress, judged: best === progress.judged.best ? { since: 0 } : progress.judged })
  return { ...extracted, ...(best && { best }), steps, refused: progress.refused, ...ending }
}

/** From the first step, or the next one, to the last. */
async function train({ data, resume: given }: FilledDistillOptions, loop: PlannedLoop, { notes }: NamedModel) {
  const digests = once(() => digestsOf(loop, data))
  const resumed = await startOf(loop, given, digests)
  const { progress } = resumed
  const run: RunHandle = {
    async snapshot() {
      return snapshotOf(progress, identityOf(loop, await digests(), progress.state.step))
    },
  }
  let ending: Ending | undefined
  try {
    await loop.callbacks.onTrainBegin({ ...infoOf(loop, resumed), notes }, run)
    ending = await trainEpochs(loop, progress, data.validation)
    await loop.callbacks.onTrainEnd(ending.history.at(-1)?.logs ?? {})
    return resultOf(loop.pipeline, progress, ending)
  } catch (error) {
    // After a failure there is no result, so nothing of what was trained may stay.
    if (ending) disposeBest(ending.judged, progress.judged)
    disposeProgress(progress)
    const problem = asOutOfMemory(error, loop.batchSize)
    await loop.callbacks.onTrainError(problem)
    throw problem
  }
}

/**
 * Puts a run together and checks it: nothing is wrong with it then that can be known before its first step. Of a run that
 * is refused, nothing is left.
 */
function plan(options: FilledDistillOptions, given: NamedModel): PlannedLoop {
  const { heads, plugins, task = defaultTask(given.activation), seed, data } = options
  const { parameters = given.parameters, statistics = given.statistics } = options
  const samples = data.train.size
  return freeOnFailure(() => {
    const student = given.network
    const pipeline = buildPipeline({ student, parameters, statistics, heads, plugins, task, seed, samples })
    checkData(pipeline, data)
    checkBatch(pipeline, options.batchSize)
    return planLoop(options, pipeline)
  })
}

/** The same; what was made of a `tf.LayersModel` has been copied then. */
function planOf(options: FilledDistillOptions, given: NamedModel): PlannedLoop {
  try {
    return plan(options, given)
  } finally {
    given.dispose()
  }
}

/** @throws GpdError `data.label-range` for values that networks or task do not take */
async function checkSources(
  { pipeline }: PlannedLoop,
  { train, validation }: FilledDistillOptions['data'],
): Promise<void> {
  for (const source of [train, validation])
    if (source) await checkValues(pipeline.task, networksOf(pipeline.actors), source)
}

/**
 * Trains a student: on the data, by static teachers, beside a dynamic teacher, or any mix of them, as given by the plugins.
 *
 * @throws GpdError `config.invalid`, `data.missing`, `data.mismatch`, `data.label-range`, `network.invalid`, `plugin.invalid`,
 *   `checkpoint.missing`, `checkpoint.corrupt`, `checkpoint.incompatible`: before anything is trained
 * @example
 * const run = await distill({
 *   student: createNetwork('resnet20', { classes: 10 }),
 *   data: { train, validation },
 *   optimizer: sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 }),
 *   epochs: 10,
 *   plugins: [
 *     staticTeacher({ ...teacher, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) }),
 *     dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
 *   ],
 * })
 * @example
 * // As with model.fit: a tf.LayersModel, tensors, one-hot labels, an optimizer of tf.train
 * const run = await distill({ student: model, data: { train: { xs, ys } }, optimizer: tf.train.adam(1e-3), epochs: 10 })
 */
export async function distill(options: DistillOptions): Promise<DistillResult> {
  const filled = fillOptions('distill', DISTILL_OPTIONS, options)
  const given = modelOf(filled.student)
  const loop = planOf(filled, given)
  try {
    await checkSources(loop, filled.data)
    const began = performance.now()
    const trained = await train(filled, loop, given)
    const seconds = (performance.now() - began) / 1000
    return disposable({ ...trained, seconds, notes: given.notes })
  } finally {
    disposePipeline(loop.pipeline)
  }
}
