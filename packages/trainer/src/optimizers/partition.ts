import * as tf from '@tensorflow/tfjs'
import {
  checkArgument,
  fillOptions,
  GpdError,
  kinds,
  needed,
  optional,
  type Filled,
  type Given,
  type Progress,
  type TensorRecord,
} from '@gpdjs/core'
import { inScope, scopeOf } from '../scope.ts'
import { gradientsFor } from './gradients.ts'
import { optimizers } from './given.ts'
import type { Optimizer, UpdateContext, Updated } from './optimizer.ts'
import { checkOwners, owners, type Owner, type TensorPattern } from './owners.ts'
import { checkOffset, isTurn, ownProgress, TURNS } from './turns.ts'

/** Tensors that one optimizer moves, and when. */
const GROUP = {
  /** Unique, without `/`; for the log and for errors (default: `group-1`, `group-2`, …). */
  name: optional(kinds.text),
  /** `'dynamic-teacher/*'`, or a function of the name. Names are `<store>/<tensor>`: `student/fc.weight`. */
  tensors: needed(kinds.either(kinds.text, kinds.functionOf<Exclude<TensorPattern, string>>())),
  optimizer: needed(optimizers),
  ...TURNS,
}

export type TensorGroup = Given<typeof GROUP>

const lists = kinds.kind<readonly TensorGroup[]>('a list of { tensors, optimizer }', Array.isArray)

type Group = Filled<typeof GROUP> & Owner

function filledGroup(given: TensorGroup, position: number): Filled<typeof GROUP> & Pick<Owner, 'name'> {
  const name = given.name ?? `group-${position + 1}`
  const group = fillOptions(`partition: '${name}'`, GROUP, given)
  checkOffset(`partition: '${name}'`, group)
  return { ...group, name }
}

/**
 * Several optimizers as one: each moves the tensors of its group. The first group that matches owns a tensor. A group has
 * its own clipping, slots and steps: its optimizer's schedules and bias correction count the group's own updates only.
 * A group at rest costs no backward pass: its tensors are constants of the step.
 *
 * @throws GpdError `config.invalid` for options out of range; at the beginning of a run for a tensor that no group owns, and
 * for a group that owns no tensor
 * @example
 * partition([
 *   { name: 'teacher', tensors: 'dynamic-teacher/*', optimizer: adamw({ learningRate: 1e-3 }), every: 2 },
 *   { name: 'rest', tensors: '*', optimizer: sgd({ learningRate: cosine(0.1), momentum: 0.9 }) },
 * ])
 */
export function partition(given: readonly TensorGroup[]): Optimizer & Required<Pick<Optimizer, 'moves'>> {
  const groups = owners(checkArgument('partition', 'groups', lists, given).map(filledGroup))
  checkGroups(groups)
  const movingAt = (progress: Progress) => groups.filter((group) => isTurn(group, progress))
  return {
    name: `partition(${groups.map(({ name, optimizer }) => `${name}: ${optimizer.name}`).join('; ')})`,
    init(trainables) {
      checkOwners(groups, Object.keys(trainables))
      const slotsOf = (group: Group) => inScope(group.name, group.optimizer.init(tensorsOf(group, trainables)))
      // If a later group throws, the slots of those before it go with the scope.
      return tf.tidy(() => merged(groups.map(slotsOf)))
    },
    update(context) {
      const updates = movingAt(context.progress).map((group) => updateGroup(group, context))
      return {
        trainables: merged(updates.map(({ trainables }) => trainables)),
        slots: merged(updates.map(({ slots }) => slots)),
      }
    },
    rates: (progress) => merged(movingAt(progress).map((group) => ratesOf(group, progress))),
    moves(name, progress) {
      const group = groups.find(({ owns }) => owns(name))
      if (group === undefined || !isTurn(group, progress)) return false
      return group.optimizer.moves?.(name, ownProgress(group, progress)) ?? true
    },
  }
}

const merged = <T>(records: readonly Record<string, T>[]) => Object.assign({}, ...records) as Record<string, T>

const tensorsOf = ({ owns }: Group, tensors: TensorRecord): TensorRecord =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => owns(name)))

function updateGroup(group: Group, context: UpdateContext): Updated {
  const { trainables, slots } = group.optimizer.update({
    gradients: gradientsFor(context.gradients, group.owns),
    trainables: tensorsOf(group, context.trainables),
    slots: scopeOf(group.name, context.slots),
    specs: context.specs,
    progress: ownProgress(group, context.progress),
  })
  return { trainables, slots: inScope(group.name, slots) }
}

/** `learning-rate` and `learning-rate/a` of a group `g`: `learning-rate/g` and `learning-rate/g/a`. */
const ratesOf = (group: Group, progress: Progress) =>
  Object.fromEntries(
    Object.entries(group.optimizer.rates(ownProgress(group, progress))).map(([key, rate]) => [
      key.replace(/^learning-rate/, `learning-rate/${group.name}`),
      rate,
    ]),
  )

function checkGroups(groups: readonly Group[]): void {
  const invalid = (problem: string, fix: string) => new GpdError('config.invalid', `partition: ${problem}`, fix)
  if (groups.length === 0) throw invalid('expected at least one group, got none.', 'Give { tensors, optimizer }.')
  groups.forEach((group, i) => {
    if (!/^[^/]+$/.test(group.name)) throw invalid(`'${group.name}' is no name.`, 'Give one without a slash.')
    if (groups.findIndex(({ name }) => name === group.name) < i)
      throw invalid(`two groups are called '${group.name}'.`, 'Give one of them another name.')
  })
}
