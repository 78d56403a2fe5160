import { GpdError, type BatchSource, type FieldSpec, type Network, type Task } from '@gpdjs/core'
import type { Actor } from './actor.ts'
import { checkField, checkTask } from './check-source.ts'
import { findActor } from './checks.ts'
import { fieldOf } from './pass.ts'
import type { LossTerm } from './term.ts'
import type { MadeView } from './view.ts'

export const networksOf = (actors: readonly Actor[]): Record<string, Network> =>
  Object.fromEntries(actors.map(({ name, network }) => [name, network]))

type FieldSpecs = Readonly<Record<string, FieldSpec>>

/** @throws GpdError `data.missing` for a view of which no input has a field */
function checkView(term: string, view: string, { network }: Actor, fields: FieldSpecs): void {
  const inputs = Object.keys(network.inputs)
  if (inputs.some((input) => fieldOf(input, view, fields) !== input)) return
  const missing = inputs.map((input) => `'${input}/${view}'`).join(' or ')
  throw new GpdError(
    'data.missing',
    `'${term}' reads the view '${view}', the data has no field ${missing}.`,
    `Give it: imageSource(set, { augment: padCropFlip(), views: { ${view}: chain(padCropFlip(), randAugment()) } }).`,
  )
}

/** Every field that a term reads, by itself and by its passes. */
function checkTermFields(term: LossTerm, actors: readonly Actor[], fields: FieldSpecs): void {
  for (const { actor: name, view } of Object.values(term.passes)) {
    const actor = findActor(term.name, name, actors)
    if (view !== undefined) checkView(term.name, view, actor, fields)
    for (const [input, spec] of Object.entries(actor.network.inputs))
      checkField(`'${name}'`, fieldOf(input, view, fields), spec, 'train', fields)
  }
  for (const name of term.fields ?? [])
    if (name !== INDEX) checkField(`'${term.name}'`, name, fields[name] ?? NOTHING, 'train', fields)
}

/** @throws GpdError `data.mismatch` for a term that needs one class for each row, on data with soft labels */
function checkLabels({ terms, actors, task }: Checked, fields: FieldSpecs): void {
  const rules = Object.entries(task.entries?.(networksOf(actors), fields) ?? {})
  const soft = rules.find(([, { kind }]) => kind !== 'index')
  const term = terms.find(({ labels }) => labels === 'index')
  if (soft === undefined || term === undefined) return
  const [field] = soft
  const problem = `'${term.name}' needs one class index per row, the train data has shares of classes in '${field}'.`
  const fix = `Give class indices, of one-hot labels tf.argMax(ys, 1), or let the loss take them: softLabels: 'argmax'.`
  throw new GpdError('data.mismatch', problem, fix)
}

/** The parts of a run that read fields. */
export interface Checked {
  readonly actors: readonly Actor[]
  readonly terms: readonly LossTerm[]
  readonly views: readonly MadeView[]
  readonly task: Task
}

/** The field that every batch of a run has: positions in the training set, int32 `[batch]`. */
export const INDEX = 'index'

const NOTHING: FieldSpec = { shape: [], dtype: 'float32' }

/**
 * Checks that the data of a run has every field that networks, views, terms and task read.
 *
 * @throws GpdError `data.missing`, `data.mismatch`, naming both sides
 */
export function checkData(
  checked: Checked,
  { train, validation }: { readonly train: BatchSource; readonly validation?: BatchSource | undefined },
): void {
  const { actors, terms, views, task } = checked
  const networks = networksOf(actors)
  const specOf = (input: string): FieldSpec | undefined =>
    train.fields[input] ?? actors.map(({ network }) => network.inputs[input]).find((spec) => spec !== undefined)
  const made = views.flatMap(({ name, inputs }) =>
    inputs.flatMap((input) => {
      const spec = specOf(input)
      return spec ? [[`${input}/${name}`, spec] as const] : []
    }),
  )
  const fields = { ...train.fields, ...Object.fromEntries(made) }
  for (const term of terms) checkTermFields(term, actors, fields)
  checkTask(task, networks, 'train', train.fields)
  checkLabels(checked, train.fields)
  if (validation === undefined) return
  for (const { name, network, role } of actors)
    if (role !== 'frozen')
      for (const [input, spec] of Object.entries(network.inputs))
        checkField(`'${name}'`, input, spec, 'validation', validation.fields)
  checkTask(task, networks, 'validation', validation.fields)
}
