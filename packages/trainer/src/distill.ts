import * as tf from '@tensorflow/tfjs'
import { checkData, checkViews, labelTerm, planLoop, type DistillOptions } from './distill-options.ts'
import { disposeNetwork, extractLearners, type DistillResult, type EpochRecord } from './distill-result.ts'
import { extractActor } from './extract.ts'
import { trainEpoch, type Outcome } from './loop/train-epoch.ts'
import { validate } from './loop/validate.ts'
import { buildPipeline, type Pipeline } from './pipeline/pipeline.ts'
import { disposeReplaced, initialState } from './training-state.ts'

/**
 * Trains a student: on labels, by static teachers, beside a dynamic teacher, or any mix of them, as the plugins say.
 *
 * @throws GpdError `config.invalid`, `data.mismatch`, `plugin.invalid`, `checkpoint.incompatible`: before anything is trained
 * @example
 * const run = await distill({
 *   student: resnet({ depth: 20, classes: 10 }),
 *   data: { train, validation },
 *   optimizer: sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 }),
 *   epochs: 10,
 *   plugins: [
 *     staticTeacher({ ...teacher, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) }),
 *     dynamicTeacher({ expansion: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
 *   ],
 * })
 */
export async function distill(options: DistillOptions): Promise<DistillResult> {
  checkData(options)
  for (const source of [options.data.train, options.data.validation]) await source?.check?.()
  const began = performance.now()
  const { student, parameters, statistics, heads, plugins, seed = 42, data, evaluateEvery = 1 } = options
  const pipeline = buildPipeline({
    student,
    seed,
    samples: data.train.size,
    taskTerm: labelTerm(options.labelWeight ?? 1, options.labelViews),
    ...(parameters && { parameters }),
    ...(statistics && { statistics }),
    ...(heads && { heads }),
    plugins,
  })
  checkViews(pipeline, data.train)
  const { stepsPerEpoch, ...loop } = planLoop(options, pipeline)
  const { callbacks } = loop
  const actors = pipeline.actors.map(({ name }) => name)
  const losses = pipeline.terms.map(({ name }) => name)
  await callbacks.onTrainBegin({
    epochs: options.epochs,
    stepsPerEpoch,
    totalSteps: loop.totalSteps,
    batchSize: loop.batchSize,
    actors,
    losses,
  })

  let state = initialState(pipeline, loop.optimizer)
  let best: DistillResult['best']
  const history: EpochRecord[] = []
  let end: { outcome: Outcome; problem?: string } = { outcome: 'completed' }
  /** After a failure nobody gets what was trained, so nothing of it may stay. */
  const abandon = (error: unknown): never => {
    disposePipeline(pipeline)
    disposeNetwork(best?.student)
    throw error
  }
  for (let epoch = 0; epoch < options.epochs && state.step < loop.lastStep; epoch++) {
    await callbacks.onEpochBegin(epoch)
    const { logs, state: reached, ...outcome } = await trainEpoch(loop, state, epoch).catch(abandon)
    state = reached
    end = outcome
    const last = outcome.outcome !== 'completed' || epoch === options.epochs - 1
    const judged =
      data.validation &&
      outcome.outcome !== 'diverged' &&
      outcome.outcome !== 'aborted' &&
      (last || (epoch + 1) % evaluateEvery === 0)
    const judgement = judged ? await validate(pipeline, state, data.validation!) : {}
    const accuracy = judgement['val_acc']
    if (accuracy !== undefined && !(best && best.accuracy >= accuracy)) {
      disposeNetwork(best?.student)
      best = { epoch, accuracy, student: extractActor(pipeline, state) }
    }
    history.push({ epoch, logs: { ...logs, ...judgement } })
    await callbacks.onEpochEnd(epoch, history.at(-1)!.logs)
    if (outcome.outcome !== 'completed') break
  }
  const extracted = extractLearners(pipeline, state)
  const { step } = state
  disposeReplaced(state)
  disposePipeline(pipeline)
  await callbacks.onTrainEnd(history.at(-1)?.logs ?? {})
  return {
    ...extracted,
    ...(best && { best }),
    history,
    steps: step,
    seconds: (performance.now() - began) / 1000,
    ...end,
    dispose() {
      for (const network of [
        ...Object.values(extracted.learners),
        ...Object.values(extracted.alternatives),
        best?.student,
      ])
        disposeNetwork(network)
      tf.dispose(Object.values(extracted.heads).flatMap((heads) => Object.values(heads)))
    },
  }
}

/** What a pipeline owns beside the state: constants and the moments of frozen actors. */
function disposePipeline({ constants, actors }: Pipeline): void {
  tf.dispose([constants, ...actors.filter(({ role }) => role === 'frozen').map(({ statistics }) => statistics)])
}
