import * as tf from '@tensorflow/tfjs'
import {
  apply,
  denseGradients,
  fillOptions,
  kinds,
  mapRecord,
  option,
  randomStream,
  stopGradient,
  valueAndGradients,
  type Fields,
  type Given,
  type TensorRecord,
} from '@gpdjs/core'
import { beforeTape } from './make-views.ts'
import { movingMoments, type MovingMoments } from './moving-moments.ts'
import { samplesOf, withRows, type KnownOutputs } from './outputs.ts'
import { inputsOf, passName } from './pipeline/pass.ts'
import { momentsOn, STUDENT, type Pipeline } from './pipeline/pipeline.ts'
import type { PlannedPass } from './pipeline/plan-passes.ts'
import { scopeOf } from './scope.ts'
import type { StepScalars } from './step-scalars.ts'
import { reduceRows, type LossTerm, type PassOutputs, type TermContext } from './pipeline/term.ts'
import type { TrainingState } from './training-state.ts'

/** A batch as a step takes it: its fields on the device, with outputs that are already known. */
export interface TrainingBatch {
  /** The first axis of each is the batch. */
  readonly fields: Fields
  /** Outputs of frozen actors that need not be computed, by pass: `{ 'static-teacher': { outputs } }`. */
  readonly known?: KnownOutputs
}

/**
 * Scalars on the device: `loss`, each unweighted term by name, `gradient-norm` before clipping, and the task's metrics,
 * `acc` of the student and `acc/<actor>` of the other learners.
 */
export type StepMetrics = Record<string, tf.Tensor>

/** Gradients and new statistics of one batch. */
export interface GradientPass {
  /** Of the tensors that move. */
  readonly gradients: Record<string, tf.Tensor>
  readonly statistics: Record<string, tf.Tensor>
  readonly metrics: StepMetrics
  /** `Σ w` over the rows, where the task weighs them. */
  readonly rowWeight?: tf.Scalar
}

const OPTIONS = {
  /** Position among the batches of one step (default 0). */
  microBatch: option(kinds.countOrNone, 0),
  /** Which trained tensors move in this step; the others are constants (default: all). */
  moves: option(kinds.functionOf<(name: string) => boolean>(), () => true),
}

export type GradientPassOptions = Given<typeof OPTIONS>

type Weights = StepScalars['weights']

/** The name under which a metric of an actor is logged: the student's by itself. */
export const metricName = (metric: string, actor: string): string => (actor === STUDENT ? metric : `${metric}/${actor}`)

interface LearnerRun {
  readonly pipeline: Pipeline
  readonly fields: Fields
  readonly moments: MovingMoments
  readonly step: number
  readonly microBatch: number
}

/** One pass of a learner, on the tape; its moments move. */
function learnerOutputs(pass: PlannedPass, parameters: TensorRecord, run: LearnerRun): PassOutputs {
  const { pipeline, fields, moments, step, microBatch } = run
  const { actorOf: actor, view, taps } = pass
  const policy = momentsOn(pipeline.views, view)
  const scope = policy === 'own' ? pass.name : actor.name
  const path = view === undefined ? [] : [view]
  const model = { network: actor.network, parameters, statistics: scopeOf(scope, moments.now()) }
  const result = apply(model, inputsOf(actor, pass, fields), {
    training: actor.mode !== 'evaluation',
    taps,
    random: (node) => randomStream(pipeline.seed, 'dropout', actor.name, node, step, microBatch, ...path),
  })
  if (policy !== 'kept')
    for (const [name, value] of Object.entries(result.statistics)) moments.move(`${scope}/${name}`, value)
  return withRows(pipeline.task, result, fields)
}

/** Every pass of the learners, in order; parameters of each learner are read once. */
function allLearnerOutputs(tensors: TensorRecord, run: LearnerRun): Record<string, PassOutputs> {
  const { passes } = run.pipeline
  const outputs: Record<string, PassOutputs> = {}
  const parameters = new Map<string, TensorRecord>()
  for (const pass of passes.filter(({ actorOf }) => actorOf.role === 'learner')) {
    const own = parameters.get(pass.actor) ?? pass.actorOf.parameters(tensors, samplesOf(run.fields))
    parameters.set(pass.actor, own)
    outputs[pass.name] = learnerOutputs(pass, own, run)
  }
  return outputs
}

const pick = (record: TensorRecord, wanted: (name: string) => boolean): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => wanted(name)))

/** Metrics of every learner with a pass over the batch itself (not only over a view), under the names of the log. */
function learnerMetrics({ task, actors }: Pipeline, outputs: Readonly<Record<string, PassOutputs>>): StepMetrics {
  const learners = actors.filter(({ name, role }) => role === 'learner' && outputs[name] !== undefined)
  return Object.fromEntries(
    learners.flatMap(({ name }) =>
      Object.entries(task.measure(outputs[name]!)).map(([metric, value]) => [metricName(metric, name), value]),
    ),
  )
}

/** The unweighted value of each term, by name. */
function termValues(
  terms: readonly LossTerm[],
  outputs: Readonly<Record<string, PassOutputs>>,
  contextOf: (term: string) => TermContext,
): Record<string, tf.Scalar> {
  const entries = terms.map((term) => {
    const own = mapRecord(term.passes, (pass) => outputs[passName(pass)]!)
    return [term.name, reduceRows(term, own, contextOf(term.name))] as const
  })
  return Object.fromEntries(entries)
}

/** What an objective leaves behind beside its value. It outlives the tape, so it is kept. */
interface Aside {
  metrics: StepMetrics
  rowWeight?: tf.Scalar
}

/** Frees what a pass keeps beyond the scope it is called in, if nothing comes of it. */
export function disposeKept(
  { metrics, statistics, rowWeight }: GradientPass,
  state: Pick<TrainingState, 'statistics'>,
) {
  const moved = Object.entries(statistics).flatMap(([name, tensor]) =>
    tensor === state.statistics[name] ? [] : [tensor],
  )
  tf.dispose([metrics, moved, rowWeight ?? []])
}

/** Loss, gradients and new statistics of one (micro-)batch. Nothing is updated. */
export function gradientPass(
  pipeline: Pipeline,
  state: Pick<TrainingState, 'trainables' | 'statistics' | 'step' | 'states'>,
  { fields: batch, known = {} }: TrainingBatch,
  weights: Weights,
  options: GradientPassOptions = {},
): GradientPass {
  const { microBatch, moves } = fillOptions('gradientPass', OPTIONS, options)
  const { trainables, statistics, step, states } = state
  const { seed, terms } = pipeline
  const moments = movingMoments(statistics)
  const aside: Aside = { metrics: {} }
  const compute = (): GradientPass => {
    const all = { ...pipeline.constants, ...states, ...trainables }
    const at = { step, microBatch }
    const { fields, outputs: fixed } = beforeTape(pipeline, { tensors: all, statistics }, batch, known, at)

    const objective = (variables: TensorRecord): tf.Scalar => {
      const tensors = { ...all, ...variables }
      const learners = allLearnerOutputs(tensors, { pipeline, fields, moments, ...at })
      const values = termValues(terms, { ...fixed, ...learners }, (term) => ({
        fields,
        tensors,
        statistics,
        update: (name, moment) => moments.move(name, stopGradient(moment)),
        random: () => randomStream(seed, 'loss', term, step, microBatch),
      }))
      aside.metrics = mapRecord({ ...learnerMetrics(pipeline, learners), ...values }, (value) =>
        tf.keep(tf.clone(value)),
      )
      const { weights: rows } = Object.values(learners)[0] ?? {}
      if (rows) aside.rowWeight = tf.keep(tf.sum(rows) as tf.Scalar)
      return tf.addN(Object.entries(values).map(([name, value]) => tf.mul(value, weights[name]!))) as tf.Scalar
    }
    const moving = pick(trainables, moves)
    const { value, gradients } = valueAndGradients(objective, moving)
    moments.disposeReplaced()
    return {
      ...aside,
      gradients: denseGradients(gradients, moving),
      statistics: moments.now(),
      metrics: { ...aside.metrics, loss: value },
    }
  }
  try {
    return tf.tidy(() => ({ ...compute() }))
  } catch (error) {
    moments.dispose()
    tf.dispose({ ...aside })
    throw error
  }
}
