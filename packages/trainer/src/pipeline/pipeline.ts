import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  initializeParameters,
  initializeStatistics,
  kinds,
  needed,
  option,
  optional,
  taskKind,
  type Given,
  type Task,
  type TensorRecord,
} from '@gpdjs/core'
import type { Heads } from '@gpdjs/interchange'
import type { TrainableSpec } from '../optimizers/optimizer.ts'
import { classification } from '../tasks/classification.ts'
import { networks, type Actor } from './actor.ts'
import { networksOf } from './check-data.ts'
import { checkOutputs } from './check-source.ts'
import { checkHeads, checkTerm } from './checks.ts'
import { planPasses, type PlannedPass } from './plan-passes.ts'
import { flattenPlugins, pluginOptions, type PluginState, type TensorStore, type Trained } from './plugin.ts'
import { runSetup, STUDENT, type Additions } from './run-setup.ts'
import { inScope } from '../scope.ts'
import { startingTensors, tensorRecords } from './starting-tensors.ts'
import { taskTerm } from './task-term.ts'
import { isHeadStore } from './edge.ts'
import type { LossTerm } from './term.ts'
import type { MadeView } from './view.ts'

export { STUDENT }

/**
 * What is computed in each step, what is minimized and what is trained: plain data and pure functions.
 *
 * Words of this package: a *run* (one training) is put together as a *pipeline* from *plugins*. An *actor* is a network in
 * the run. A *term* is one summand of what is minimized. An *edge* is a distillation loss between two actors; it becomes a
 * term. A *pass* is one actor on the batch or on one *view* of it. A *loss* is a function of two outputs.
 */
export interface Pipeline {
  readonly seed: number
  readonly task: Task
  readonly actors: readonly Actor[]
  readonly terms: readonly LossTerm[]
  /** Each actor on each view that a term names. */
  readonly passes: readonly PlannedPass[]
  readonly views: readonly MadeView[]
  readonly states: readonly PluginState[]
  /** What the optimizer needs of each trained tensor, beyond its value. */
  readonly specs: Readonly<Record<string, TrainableSpec>>
  /** Tensors that views read and no optimizer moves. */
  readonly constants: Record<string, tf.Tensor>
  /** Where training begins; owned by the pipeline until `initialState` hands it over. */
  readonly initial: { readonly trainables: Record<string, tf.Tensor>; readonly statistics: Record<string, tf.Tensor> }
}

export const PIPELINE_OPTIONS = {
  /** What is trained. */
  student: needed(networks),
  /** Weights to begin with (fine-tuning). Copied (default: drawn from the seed). */
  parameters: optional(tensorRecords),
  /** Batch-norm moments to begin with (default: mean 0, variance 1). */
  statistics: optional(tensorRecords),
  /** Heads of losses to begin with, as `run.heads` and `loadHeads` give them. Copied (default: drawn from the seed). */
  heads: optional(kinds.objectWith<Heads>('heads such as run.heads')),
  /** The parts of the method: `staticTeacher(…)`, `dynamicTeacher(…)`, `ema(…)`, or one's own (default: none). */
  plugins: option(pluginOptions, []),
  /** What networks are trained for: rows, objective, metrics (default: `classification()`). */
  task: optional(taskKind),
  /** Of weights, augmentation and noise. */
  seed: needed(kinds.integer),
  /** Number of training samples, for losses with memory for each of them (default 0). */
  samples: option(kinds.countOrNone, 0),
}

export type PipelineOptions = Given<typeof PIPELINE_OPTIONS>

/**
 * Puts a run together: the student, then every plugin's actors, then the task's and every plugin's loss terms.
 *
 * @throws GpdError `plugin.invalid`, `network.invalid` (outputs that the task reads), `checkpoint.incompatible` (given weights)
 */
export function buildPipeline(options: PipelineOptions): Pipeline {
  const filled = fillOptions('buildPipeline', PIPELINE_OPTIONS, options)
  const plugins = flattenPlugins(filled.plugins)
  const { student, seed, samples, heads, task = classification() } = filled
  const parameters = startingTensors('parameters', filled.parameters, student.parameters, () =>
    initializeParameters(student.parameters, seed),
  )
  const statistics = startingTensors('statistics', filled.statistics, student.statistics, () =>
    initializeStatistics(student.statistics),
  )
  const { setup, seal } = runSetup({ student, parameters, statistics, heads, task, seed, samples })
  for (const plugin of plugins) plugin.setup?.(setup)
  for (const { name } of setup.pupils) {
    const term = taskTerm(task, name)
    if (term) setup.addTerm(term)
  }
  for (const plugin of plugins) plugin.connect?.(setup)
  const additions = seal()
  const { actors, terms, stores, states, views } = additions
  checkOutputs(task, networksOf(actors))
  for (const term of terms) checkTerm(term, actors, task)
  checkHeads(
    Object.keys(heads ?? {}),
    terms.map(({ name }) => name),
  )
  if (terms.length === 0) throw nothingToLearn(task)
  if (!stores.some(({ name }) => name === STUDENT)) tf.dispose(parameters)
  const passes = planPasses(actors, terms)
  checkTrained(additions)
  return { seed, task, actors, terms, passes, views, states, ...partitionStores(additions, passes) }
}

/** @throws GpdError `config.invalid` for a run in which nothing but heads of losses would move */
function checkTrained({ stores, actors }: Additions): void {
  const isTrained = ({ specs }: TensorStore) => specs.some(({ trainable = true }) => trainable)
  if (stores.some((store) => !isHeadStore(store.name) && isTrained(store))) return
  const learners = actors.filter(({ role }) => role === 'learner').map(({ name }) => `'${name}'`)
  throw new GpdError(
    'config.invalid',
    `Nothing would be trained: every parameter of ${learners.join(' and ')} is frozen.`,
    "Unfreeze what should learn: unfreeze(network, 'fc').",
  )
}

const nothingToLearn = ({ name }: Task) =>
  new GpdError(
    'config.invalid',
    `Nothing is minimized: the objective of '${name}' has weight 0, and no plugin adds a loss.`,
    'Give the objective a weight, or add a teacher.',
  )

/** Tensors by what happens to them: trained, constant, or moved as statistics. */
function partitionStores({ stores, actors, views, memories }: Additions, passes: readonly PlannedPass[]) {
  const trainables: Record<string, tf.Tensor> = {}
  const constants: Record<string, tf.Tensor> = {}
  const specs: Record<string, TrainableSpec> = {}
  for (const store of stores) {
    for (const { name, decay, trainable = true } of store.specs) {
      const [key, tensor] = [`${store.name}/${name}`, store.tensors[name]!]
      if (!trainable) constants[key] = tensor
      else {
        trainables[key] = tensor
        specs[key] = { decay }
      }
    }
  }
  const learners = actors.filter(({ role }) => role === 'learner')
  const copies = passes
    .filter(({ actorOf, view }) => actorOf.role === 'learner' && momentsOn(views, view) === 'own')
    .map(({ name, actorOf }) => inScope(name, copyOf(actorOf.statistics)))
  const statistics = Object.assign(
    {},
    memories,
    ...learners.map((actor) => inScope(actor.name, actor.statistics)),
    ...copies,
  ) as Record<string, tf.Tensor>
  return { specs, constants, initial: { trainables, statistics } satisfies Trained }
}

const copyOf = (record: TensorRecord): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, tf.clone(tensor)]))

/** What learners do with their moments on a view. */
export const momentsOn = (views: readonly MadeView[], view: string | undefined) =>
  views.find(({ name }) => name === view)?.moments ?? 'shared'
