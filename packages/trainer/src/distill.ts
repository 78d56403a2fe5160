import * as tf from '@tensorflow/tfjs'
import { GpdError, type Network, type TensorRecord } from '@gpdjs/core'
import { crossEntropy } from '@gpdjs/kd-losses'
import type { BatchSource } from './data/batch-source.ts'
import { evaluate } from './evaluate.ts'
import { extractActor, type ExtractedNetwork } from './extract.ts'
import { combineCallbacks, type Callbacks, type Logs } from './loop/callbacks.ts'
import { logitsCaches } from './loop/logits-cache.ts'
import { trainEpoch, type Outcome, type TrainingLoop } from './loop/train-epoch.ts'
import type { Optimizer } from './optimizers/optimizer.ts'
import { buildPipeline, STUDENT, type Pipeline } from './pipeline/pipeline.ts'
import type { PluginOption } from './pipeline/plugin.ts'
import { scopeOf } from './pipeline/scope.ts'
import type { LossTerm } from './pipeline/term.ts'
import type { Schedule } from './schedule.ts'
import { disposeReplaced, initialState, type TrainingState } from './step.ts'

export interface DistillOptions {
  readonly student: Network
  /** Weights to begin with (fine-tuning). Copied. Default: drawn from the seed. */
  readonly parameters?: TensorRecord
  /** Batch-norm moments to begin with. Default mean 0, variance 1. */
  readonly statistics?: TensorRecord
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

/** What an epoch brought. */
export interface EpochRecord {
  readonly epoch: number
  readonly logs: Logs
}

export interface DistillResult {
  /** The student after the last step, as a plain network. */
  readonly student: ExtractedNetwork
  /** The student after the epoch with the best validation accuracy. Absent without a validation set. */
  readonly best?: { readonly epoch: number; readonly accuracy: number; readonly student: ExtractedNetwork }
  /** Every trained actor after the last step, the student included. */
  readonly learners: Readonly<Record<string, ExtractedNetwork>>
  /** The student by each plugin's averages: `ema`. */
  readonly alternatives: Readonly<Record<string, ExtractedNetwork>>
  readonly history: readonly EpochRecord[]
  readonly steps: number
  readonly seconds: number
  /** `diverged`: a loss or gradient stopped being finite; everything above is from before that step. */
  readonly outcome: Outcome
  readonly problem?: string
  /** Frees all tensors of this result. */
  dispose(): void
}

const positive = (name: string, value: number): number => {
  if (Number.isInteger(value) && value > 0) return value
  throw new GpdError('config.invalid', `distill: ${name}: expected a positive integer, got ${value}.`)
}

const labelTerm =
  (weight: Schedule) =>
  (learner: string): LossTerm | undefined =>
    weight === 0
      ? undefined
      : {
          name: `cross-entropy(${learner})`,
          weight,
          taps: { [learner]: [] },
          compute: (outputs, { labels }) => crossEntropy(outputs[learner]!.logits, labels),
        }

function checkData({ student, data }: DistillOptions): void {
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

/** Accuracy and loss of every learner on the validation set, and how far the teachers among them are ahead. */
async function validate(
  pipeline: Pipeline,
  state: TrainingState,
  validation: BatchSource,
): Promise<Record<string, number>> {
  const logs: Record<string, number> = {}
  for (const { name } of pipeline.actors.filter(({ role }) => role === 'learner')) {
    const trained = extractActor(pipeline, state, name)
    const { accuracy, loss } = await evaluate(trained, validation)
    tf.dispose([trained.parameters, trained.statistics])
    const suffix = name === STUDENT ? '' : `/${name}`
    logs[`val_acc${suffix}`] = accuracy
    logs[`val_loss${suffix}`] = loss
    if (name !== STUDENT) logs[`gap/${name}`] = accuracy - logs['val_acc']!
  }
  return logs
}

function planLoop(options: DistillOptions, pipeline: Pipeline): TrainingLoop & { stepsPerEpoch: number } {
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

function results(
  pipeline: Pipeline,
  state: TrainingState,
): Pick<DistillResult, 'student' | 'learners' | 'alternatives'> {
  const names = pipeline.actors.filter(({ role }) => role === 'learner').map(({ name }) => name)
  const learners = Object.fromEntries(names.map((name) => [name, extractActor(pipeline, state, name)]))
  const alternatives = pipeline.states.flatMap(({ name, alternative }) =>
    alternative ? [[name, extractActor(pipeline, alternative(scopeOf(name, state.extra)))] as const] : [],
  )
  return { student: learners[STUDENT]!, learners, alternatives: Object.fromEntries(alternatives) }
}

const disposeNetwork = (network: ExtractedNetwork | undefined) =>
  network && tf.dispose([network.parameters, network.statistics])

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
  const began = performance.now()
  const { student, parameters, statistics, plugins, seed = 42, data, evaluateEvery = 1 } = options
  const pipeline = buildPipeline({
    student,
    seed,
    samples: data.train.size,
    taskTerm: labelTerm(options.labelWeight ?? 1),
    ...(parameters && { parameters }),
    ...(statistics && { statistics }),
    plugins,
  })
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
  for (let epoch = 0; epoch < options.epochs && state.step < loop.lastStep; epoch++) {
    await callbacks.onEpochBegin(epoch)
    const { logs, state: reached, ...outcome } = await trainEpoch(loop, state, epoch)
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
  const extracted = results(pipeline, state)
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
    },
  }
}

/** What a pipeline owns beside the state: constants and the moments of frozen actors. */
function disposePipeline({ constants, actors }: Pipeline): void {
  tf.dispose([constants, ...actors.filter(({ role }) => role === 'frozen').map(({ statistics }) => statistics)])
}
