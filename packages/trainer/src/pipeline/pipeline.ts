import * as tf from '@tensorflow/tfjs'
import { GpdError, initializeParameters, initializeStatistics, type Network, type TensorRecord } from '@gpdjs/core'
import type { TrainableSpec } from '../optimizers/optimizer.ts'
import type { Actor } from './actor.ts'
import { checkClasses, checkHeads, checkTerm, lossSetup } from './checks.ts'
import { flattenPlugins, type PluginOption, type RunSetup, type RunState, type TensorStore } from './plugin.ts'
import { inScope, scopeOf } from './scope.ts'
import { startingTensors } from './starting-tensors.ts'
import { distillationTerm, edgeName, headsOf, memoryOf, type LossTerm } from './term.ts'

export const STUDENT = 'student'

/** A run put together: who looks at a batch, what is minimized, what is trained. Plain data and pure functions. */
export interface Pipeline {
  readonly seed: number
  readonly actors: readonly Actor[]
  readonly terms: readonly LossTerm[]
  readonly states: readonly RunState[]
  /** What the optimizer knows of each trained tensor. */
  readonly specs: Readonly<Record<string, TrainableSpec>>
  /** Tensors that views read but nobody trains. */
  readonly constants: Record<string, tf.Tensor>
  /** Where training begins; owned by the pipeline until `initialState` hands it over. */
  readonly initial: { readonly trainables: Record<string, tf.Tensor>; readonly statistics: Record<string, tf.Tensor> }
}

export interface PipelineOptions {
  readonly student: Network
  /** Given weights (fine-tuning). Copied. Default: drawn from the seed. */
  readonly parameters?: TensorRecord
  readonly statistics?: TensorRecord
  /** Given heads of losses by the name of their term. Copied. Default: drawn from the seed. */
  readonly heads?: Readonly<Record<string, TensorRecord>>
  readonly plugins?: PluginOption
  /** Terms on the labels, one for each learner. */
  readonly taskTerm: (learner: string) => LossTerm | undefined
  readonly seed: number
  /** Number of training images; losses with a memory of them want to know. Default 0. */
  readonly samples?: number
}

function unique(kind: string, entries: readonly { readonly name: string }[], name: string): void {
  if (entries.some((entry) => entry.name === name))
    throw new GpdError('plugin.invalid', `Two ${kind} are called '${name}'.`, 'Names must be unique.')
}

function ownStore(network: Network, tensors: Record<string, tf.Tensor>): TensorStore {
  return { name: STUDENT, tensors, specs: network.parameters }
}

/**
 * Puts a run together: the student, then every plugin's actors, then every plugin's loss terms.
 *
 * @throws GpdError `plugin.invalid`, `data.mismatch` (class counts), `checkpoint.incompatible` (given weights)
 */
export function buildPipeline(options: PipelineOptions): Pipeline {
  const plugins = flattenPlugins(options.plugins)
  const { student: network, seed } = options
  const parameters = startingTensors('parameters', options.parameters, network.parameters, () =>
    initializeParameters(network.parameters, seed),
  )
  const statistics = startingTensors('statistics', options.statistics, network.statistics, () =>
    initializeStatistics(network.statistics),
  )
  const actors: Actor[] = [
    { name: STUDENT, network, role: 'learner', statistics, parameters: (tensors) => scopeOf(STUDENT, tensors) },
  ]
  let stores: TensorStore[] = [ownStore(network, parameters)]
  const terms: LossTerm[] = []
  const states: RunState[] = []
  const memories: Record<string, tf.Tensor> = {}

  const setup: RunSetup = {
    seed,
    network,
    studentParameters: parameters,
    get student() {
      return actors[0]!
    },
    get actors() {
      return actors
    },
    get learners() {
      return actors.filter(({ role }) => role === 'learner')
    },
    addActor(actor) {
      unique('actors', actors, actor.name)
      actors.push(actor)
    },
    addTensors(store) {
      unique('tensor stores', stores, store.name)
      stores.push(store)
    },
    replaceStudent(change, own) {
      actors[0] = { ...actors[0]!, ...change }
      stores = [...(own ? [own] : []), ...stores.filter(({ name }) => name !== STUDENT)]
    },
    addTerm(term) {
      unique('losses', terms, term.name)
      terms.push(term)
    },
    addDistillation(edge) {
      const term = edgeName(edge)
      const { heads, memory } = edge.loss.prepare?.(lossSetup(edge, actors, seed, options.samples ?? 0)) ?? {}
      if (heads) {
        const tensors = startingTensors(`heads of ${term}`, options.heads?.[term], heads, () =>
          initializeParameters(heads, seed),
        )
        setup.addTensors({ name: headsOf(term), tensors, specs: heads })
      }
      if (memory) Object.assign(memories, inScope(memoryOf(term), memory))
      setup.addTerm(distillationTerm(edge))
    },
    addState(state) {
      unique('states', states, state.name)
      states.push(state)
    },
  }
  for (const plugin of plugins) plugin.setup?.(Object.freeze(setup))
  for (const { name } of setup.learners) {
    const term = options.taskTerm(name)
    if (term) setup.addTerm(term)
  }
  for (const plugin of plugins) plugin.connect?.(setup)
  checkClasses(actors)
  for (const term of terms) checkTerm(term, actors)
  checkHeads(
    Object.keys(options.heads ?? {}),
    terms.map(({ name }) => name),
  )
  if (!stores.some(({ name }) => name === STUDENT)) tf.dispose(parameters)
  return { seed, actors, terms, states, ...partitionStores(stores, actors, memories) }
}

/** Tensors by what happens to them: trained, constant, or moved as statistics. */
function partitionStores(
  stores: readonly TensorStore[],
  actors: readonly Actor[],
  memories: Record<string, tf.Tensor>,
) {
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
  const statistics = Object.assign(
    {},
    memories,
    ...learners.map((actor) => inScope(actor.name, actor.statistics)),
  ) as Record<string, tf.Tensor>
  return { specs, constants, initial: { trainables, statistics } }
}
