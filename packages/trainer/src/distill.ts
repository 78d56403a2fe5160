import * as tf from '@tensorflow/tfjs'
import { fillOptions } from '@gpdjs/core'
import { DISTILL_OPTIONS, type DistillOptions, type FilledDistillOptions } from './distill-options.ts'
import { disposable, extractLearners, type DistillResult, type EpochRecord } from './distill-result.ts'
import { extractActor } from './extract.ts'
import { bestEpoch, disposeModel, type BestEpoch } from './loop/best-epoch.ts'
import { combineCallbacks } from './callbacks.ts'
import { planLoop, type PlannedLoop } from './loop/plan-loop.ts'
import { trainEpoch, type EpochResult, type Outcome } from './loop/train-epoch.ts'
import { validate } from './loop/validate.ts'
import { checkBatch } from './pipeline/check-batch.ts'
import { checkData } from './pipeline/check-data.ts'
import { buildPipeline, type Pipeline } from './pipeline/pipeline.ts'
import { disposeReplaced, initialState, type TrainingState } from './training-state.ts'

/** Where the loop over epochs ends. */
interface Trained {
  readonly state: TrainingState
  readonly history: readonly EpochRecord[]
  readonly outcome: Outcome
  readonly problem?: string
}

/** What a pipeline owns: constants, the moments of actors that are not trained, and where training begins. */
function disposePipeline({ constants, actors, initial }: Pipeline): void {
  const moments = actors.filter(({ role }) => role !== 'learner').map(({ statistics }) => statistics)
  tf.dispose([constants, ...moments, { ...initial }])
}

const judged = ({ outcome }: EpochResult, epoch: number, { epochs, evaluateEvery }: PlannedLoop): boolean =>
  outcome !== 'diverged' &&
  outcome !== 'aborted' &&
  (outcome !== 'completed' || epoch === epochs - 1 || (epoch + 1) % evaluateEvery === 0)

/** Epoch after epoch, each judged by the validation set where there is one. Of a run that fails, no state is left. */
async function trainEpochs(
  loop: PlannedLoop,
  start: TrainingState,
  { validation }: FilledDistillOptions['data'],
  best: BestEpoch,
): Promise<Trained> {
  const { pipeline, callbacks } = loop
  const history: EpochRecord[] = []
  let state = start
  let end: Pick<Trained, 'outcome' | 'problem'> = { outcome: 'completed' }
  try {
    for (let epoch = 0; epoch < loop.epochs && state.step < loop.lastStep; epoch++) {
      await callbacks.onEpochBegin(epoch)
      const result = await trainEpoch(loop, state, epoch)
      const { logs, state: reached, ...outcome } = result
      state = reached
      end = outcome
      const isJudged = validation && judged(result, epoch, loop)
      const judgment = isJudged ? await validate(pipeline, state, validation) : undefined
      if (judgment) best.judge(epoch, judgment, () => extractActor(pipeline, state))
      history.push({ epoch, logs: { ...logs, ...judgment } })
      await callbacks.onEpochEnd(epoch, history.at(-1)!.logs)
      if (outcome.outcome !== 'completed') break
      if (best.since() < loop.patience || epoch === loop.epochs - 1) continue
      end = { outcome: 'stopped' }
      break
    }
  } catch (error) {
    disposeReplaced(state)
    throw error
  }
  return { state, history, ...end }
}

/** A run that is put together and checked: nothing is wrong with it that can be known before its first step. */
function prepare(options: FilledDistillOptions, pipeline: Pipeline): { loop: PlannedLoop; start: TrainingState } {
  checkData(pipeline, options.data)
  checkBatch(pipeline, options.batchSize)
  const loop = planLoop(options, pipeline)
  return { loop, start: initialState(pipeline, loop.optimizer) }
}

async function train(options: FilledDistillOptions, pipeline: Pipeline, best: BestEpoch): Promise<Trained> {
  const { loop, start } = prepare(options, pipeline)
  const { epochs, stepsPerEpoch, totalSteps, batchSize, callbacks } = loop
  const actors = pipeline.actors.map(({ name }) => name)
  const losses = pipeline.terms.map(({ name }) => name)
  try {
    await callbacks.onTrainBegin({ epochs, stepsPerEpoch, totalSteps, batchSize, actors, losses })
  } catch (error) {
    disposeReplaced(start)
    throw error
  }
  return trainEpochs(loop, start, options.data, best)
}

/**
 * Trains a student: on the data, by static teachers, beside a dynamic teacher, or any mix of them, as given by the plugins.
 *
 * @throws GpdError `config.invalid`, `data.missing`, `data.mismatch`, `network.invalid`, `plugin.invalid`,
 *   `checkpoint.incompatible`: before anything is trained
 * @example
 * const run = await distill({
 *   student: createNetwork('resnet20'),
 *   data: { train, validation },
 *   optimizer: sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 }),
 *   epochs: 10,
 *   plugins: [
 *     staticTeacher({ ...teacher, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) }),
 *     dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
 *   ],
 * })
 */
export async function distill(options: DistillOptions): Promise<DistillResult> {
  const filled = fillOptions('distill', DISTILL_OPTIONS, options)
  const { student, parameters, statistics, heads, plugins, task, seed, data, callbacks } = filled
  for (const source of [data.train, data.validation]) await source?.check?.()
  const began = performance.now()
  const samples = data.train.size
  const pipeline = buildPipeline({ student, parameters, statistics, heads, plugins, task, seed, samples })
  const best = bestEpoch(pipeline.task.judge)
  const { state, ...trained } = await train(filled, pipeline, best).catch((error: unknown) => {
    // After a failure there is no result, so nothing of what was trained may stay.
    disposePipeline(pipeline)
    disposeModel(best.best()?.student)
    throw error
  })
  const extracted = extractLearners(pipeline, state)
  const { step: steps } = state
  disposeReplaced(state)
  disposePipeline(pipeline)
  await combineCallbacks([callbacks].flat()).onTrainEnd(trained.history.at(-1)?.logs ?? {})
  const found = best.best()
  const seconds = (performance.now() - began) / 1000
  return disposable({ ...extracted, ...(found && { best: found }), steps, seconds, ...trained })
}
