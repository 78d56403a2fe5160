import type * as tf from '@tensorflow/tfjs'
import {
  checkArgument,
  GpdError,
  kinds,
  needed,
  optional,
  type Network,
  type ParameterSpec,
  type Progress,
  type Task,
  type TensorRecord,
} from '@gpdjs/core'
import type { Actor } from './actor.ts'
import type { EdgeOptions } from './edge.ts'
import type { LossTerm } from './term.ts'
import type { MadeView } from './view.ts'

/** Tensors that a plugin brings into the run, with what the optimizer needs of each. */
export interface TensorStore {
  /** Unique: its tensors are called `<name>/<tensor>`. */
  readonly name: string
  readonly tensors: Record<string, tf.Tensor>
  readonly specs: readonly (Pick<ParameterSpec, 'name' | 'decay'> & { readonly trainable?: boolean })[]
}

/** What is trained, and the batch-norm moments of the learners. */
export interface Trained {
  readonly trainables: TensorRecord
  readonly statistics: TensorRecord
}

/** State beside the parameters, such as a moving average: a pure function of itself and what has been trained. */
export interface PluginState {
  readonly name: string
  init(start: Trained): Record<string, tf.Tensor>
  update(state: TensorRecord, trained: Trained & Progress): Record<string, tf.Tensor>
  /** Another version of the trained tensors kept in this state, which may be evaluated and extracted instead. */
  alternative?(state: TensorRecord): Trained
}

/** `TensorStore` as objects of users are checked. */
export const storeKind = kinds.members<TensorStore>('{ name, tensors, specs }', {
  name: needed(kinds.text),
  tensors: needed(kinds.object),
  specs: needed(kinds.kind('a list of { name, decay }', Array.isArray)),
})

/** `PluginState` as objects of users are checked. */
export const stateKind = kinds.members<PluginState>('{ name, init, update }', {
  name: needed(kinds.text),
  init: needed(kinds.functionOf()),
  update: needed(kinds.functionOf()),
  alternative: optional(kinds.functionOf()),
})

/** What a plugin reads and changes while a run is put together. Later changes throw: a run does not change shape. */
export interface RunSetup {
  readonly seed: number
  /** What networks are trained for. */
  readonly task: Task
  /** The student's network as it was given, whatever plugins have made of it since. */
  readonly network: Network
  /** The student as it was given, or as a plugin has replaced it. */
  readonly student: Actor
  /** The student's initial parameters, given or drawn. Do not dispose. */
  readonly studentParameters: TensorRecord
  readonly actors: readonly Actor[]
  readonly learners: readonly Actor[]
  /** The learners that are trained by the task's own term and by static teachers. */
  readonly pupils: readonly Actor[]
  addActor(actor: Actor): void
  addTensors(store: TensorStore): void
  /** Gives the student another network or source of parameters, and drops its own tensors unless new ones are given. */
  replaceStudent(change: Partial<Pick<Actor, 'network' | 'parameters'>>, own?: TensorStore): void
  /** Adds fields that are made inside the step. */
  addView(view: MadeView): void
  addTerm(term: LossTerm): void
  /** Adds a distillation loss between two actors, with its heads and its memory. */
  addDistillation(edge: EdgeOptions): void
  addState(state: PluginState): void
}

/** A part of a method: whatever it adds to a run. Made by a factory that takes the options. */
export interface Plugin {
  /** Unique within a run, kebab-case. */
  readonly name: string
  readonly specVersion: 1
  /** First pass: add actors, tensors, views and state. */
  setup?(run: RunSetup): void
  /** Second pass: add loss terms, now that every actor is there, whatever the order of plugins. */
  connect?(run: RunSetup): void
}

const pluginKind = kinds.members<Plugin>('{ name, specVersion: 1, … }', {
  name: needed(kinds.text),
  specVersion: needed(kinds.oneOf(1)),
  setup: optional(kinds.functionOf()),
  connect: optional(kinds.functionOf()),
})

/** What `plugins` accepts: nested lists and falsy entries, so that an ablation is `[useKd && kd()]`. */
export type PluginOption = Plugin | false | null | undefined | readonly PluginOption[]

/** `flattenPlugins` checks the entries. */
export const pluginOptions = kinds.kind<PluginOption>('plugins', () => true)

/**
 * @throws GpdError `plugin.invalid` for something that is no plugin, or two of one name; `config.unknown-key` for a hook that
 *   does not exist
 */
export function flattenPlugins(option: PluginOption): Plugin[] {
  const list = (entry: PluginOption): Plugin[] =>
    !entry ? [] : Array.isArray(entry) ? entry.flatMap(list) : [entry as Plugin]
  const plugins = list(option)
  for (const plugin of plugins) {
    if (plugin.specVersion === 1 && typeof plugin.name === 'string') {
      checkArgument('plugins', plugin.name, pluginKind, plugin)
      continue
    }
    throw new GpdError(
      'plugin.invalid',
      `plugins: expected objects { name, specVersion: 1, … }, got ${JSON.stringify(plugin)?.slice(0, 80) ?? typeof plugin}.`,
      'Did you forget to call the factory?',
    )
  }
  const twice = plugins.find(({ name }, i) => plugins.findIndex((other) => other.name === name) < i)
  if (twice)
    throw new GpdError('plugin.invalid', `plugins: '${twice.name}' is there twice.`, 'Give one of them another name.')
  return plugins
}
