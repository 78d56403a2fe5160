import type * as tf from '@tensorflow/tfjs'
import {
  checkArgument,
  GpdError,
  initializeParameters,
  mapRecord,
  type Network,
  type Task,
  type TensorRecord,
} from '@gpdjs/core'
import { actorKind, isPupil, studentChangeKind, type Actor } from './actor.ts'
import { lossSetup } from './checks.ts'
import { stateKind, storeKind, type PluginState, type RunSetup, type TensorStore } from './plugin.ts'
import { inScope, scopeOf } from '../scope.ts'
import { startingTensors } from './starting-tensors.ts'
import { distillationTerm, edgeKind, edgeName, headsOf, memoryOf } from './edge.ts'
import { termKind, type LossTerm } from './term.ts'
import { viewKind, type MadeView } from './view.ts'

export const STUDENT = 'student'

/** Everything that plugins have added to a run. */
export interface Additions {
  readonly actors: readonly Actor[]
  readonly stores: readonly TensorStore[]
  readonly terms: readonly LossTerm[]
  readonly states: readonly PluginState[]
  readonly views: readonly MadeView[]
  /** Memories of losses, each under `memoryOf(term)`. */
  readonly memories: Record<string, tf.Tensor>
}

export interface SetupOptions {
  readonly student: Network
  /** The run's own. */
  readonly parameters: Record<string, tf.Tensor>
  readonly statistics: Record<string, tf.Tensor>
  readonly heads?: Readonly<Record<string, TensorRecord>> | undefined
  readonly task: Task
  readonly seed: number
  readonly samples: number
}

function addUnique<T extends { readonly name: string }>(kind: string, entries: T[], entry: T): void {
  if (entries.some(({ name }) => name === entry.name))
    throw new GpdError('plugin.invalid', `Two ${kind} are called '${entry.name}'.`, 'Names must be unique.')
  entries.push(entry)
}

/** @throws GpdError `plugin.invalid` for a field that another view makes too */
function addView(views: MadeView[], view: MadeView): void {
  const other = views.find(({ name }) => name === view.name)
  const both = other && view.inputs.find((input) => other.inputs.includes(input))
  if (both !== undefined) {
    const problem = `Two plugins make the field '${both}/${view.name}'.`
    throw new GpdError('plugin.invalid', problem, 'Give one of the views another name.')
  }
  views.push(view)
}

type Method = (...given: never[]) => void

/** The same methods, which throw once the run is put together. */
function untilSealed<M extends Readonly<Record<string, Method>>>(methods: M): { methods: M; seal: () => void } {
  let sealed = false
  const guarded = mapRecord<Method, Method>(methods, (method, name) => (...given) => {
    if (!sealed) return method(...given)
    const problem = `${name}: this run is put together already, and does not change its shape.`
    throw new GpdError('plugin.invalid', problem, 'Call it in setup or connect of a plugin.')
  })
  return { methods: guarded as unknown as M, seal: () => void (sealed = true) }
}

/** A run that begins as the student alone, and that plugins add to. */
export function runSetup({
  student: network,
  parameters,
  statistics,
  heads: given,
  task,
  seed,
  samples,
}: SetupOptions) {
  const own = (tensors: TensorRecord) => scopeOf(STUDENT, tensors)
  const actors: Actor[] = [{ name: STUDENT, network, role: 'learner', statistics, parameters: own }]
  let stores: TensorStore[] = [{ name: STUDENT, tensors: parameters, specs: network.parameters }]
  const terms: LossTerm[] = []
  const states: PluginState[] = []
  const views: MadeView[] = []
  const memories: Record<string, tf.Tensor> = {}

  const { methods, seal } = untilSealed({
    addActor: (actor: Actor) => addUnique('actors', actors, checkArgument('addActor', 'actor', actorKind, actor)),
    addTensors: (store: TensorStore) =>
      addUnique('tensor stores', stores, checkArgument('addTensors', 'store', storeKind, store)),
    addTerm: (term: LossTerm) => addUnique('terms', terms, checkArgument('addTerm', 'term', termKind, term)),
    addState: (state: PluginState) => addUnique('states', states, checkArgument('addState', 'state', stateKind, state)),
    addView: (view: MadeView) => addView(views, checkArgument('addView', 'view', viewKind, view)),
    replaceStudent(change: Partial<Actor>, store?: TensorStore) {
      checkArgument('replaceStudent', 'change', studentChangeKind, change)
      if (store) checkArgument('replaceStudent', 'own', storeKind, store)
      actors[0] = { ...actors[0]!, ...change }
      stores = [...(store ? [store] : []), ...stores.filter(({ name }) => name !== STUDENT)]
    },
    addDistillation(edge: Parameters<RunSetup['addDistillation']>[0]) {
      checkArgument('addDistillation', 'edge', edgeKind, edge)
      const term = edgeName(edge)
      const { heads, memory, ...asked } = edge.loss.prepare?.(lossSetup(edge, actors, seed, samples)) ?? {}
      if (heads) {
        const known = given && Object.hasOwn(given, term) ? given[term] : undefined
        const tensors = startingTensors(`heads of ${term}`, known, heads, () => initializeParameters(heads, seed))
        addUnique('tensor stores', stores, { name: headsOf(term), tensors, specs: heads })
      }
      if (memory) Object.assign(memories, inScope(memoryOf(term), memory))
      addUnique('terms', terms, { ...distillationTerm(edge), ...asked })
    },
  })
  const setup: RunSetup = Object.freeze({
    ...methods,
    seed,
    task,
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
    get pupils() {
      return actors.filter(isPupil)
    },
  })
  const seals = (): Additions => {
    seal()
    return { actors, stores, terms, states, views, memories }
  }
  return { setup, seal: seals }
}
