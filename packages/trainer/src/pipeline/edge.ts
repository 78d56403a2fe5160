import * as tf from '@tensorflow/tfjs'
import {
  checkArgument,
  kinds,
  lossKind,
  mapRecord,
  needed,
  optional,
  scheduleKind,
  stopGradient,
  type DistillationLoss,
  type Schedule,
} from '@gpdjs/core'
import type { Pass } from './pass.ts'
import { scopeOf } from '../scope.ts'
import type { LossTerm, Outputs, PassOutputs } from './term.ts'

/** Every tensor of some outputs, cut off from the tape. */
function cutOff<T>(value: T): T {
  if (value instanceof tf.Tensor) return (value.dtype === 'float32' ? stopGradient(value) : value) as T
  return mapRecord(value as Readonly<Record<string, unknown>>, (entry) => cutOff(entry)) as T
}

/** Which views the two sides of an edge read. Default: the batch itself. */
export interface EdgeViews {
  readonly student?: string
  readonly teacher?: string
}

export interface EdgeOptions {
  /** The actor that is taught. */
  readonly student: string
  /** The actor that teaches. */
  readonly teacher: string
  readonly loss: DistillationLoss
  readonly weight: Schedule
  /** The side that the term does not train. Default `teacher`. */
  readonly stopGradient?: 'teacher' | 'student' | 'none'
  /** `{ student: 'adversarial' }`: the student on adversarial examples, the teacher on the batch. */
  readonly on?: EdgeViews
  /** A factor for each row, `[rows]`; `outputs` has the passes `student` and `teacher`. Default 1 for all. */
  readonly rows?: LossTerm['rows']
  /** Default `edgeName`; needed where two edges would have one name. */
  readonly name?: string
}

/** `EdgeOptions` as objects of users are checked. */
export const edgeKind = kinds.members<EdgeOptions>('{ student, teacher, loss, weight }', {
  student: needed(kinds.text),
  teacher: needed(kinds.text),
  loss: needed(lossKind),
  weight: needed(scheduleKind),
  stopGradient: optional(kinds.oneOf('teacher', 'student', 'none')),
  on: optional(kinds.record({ student: optional(kinds.text), teacher: optional(kinds.text) })),
  rows: optional(kinds.functionOf()),
  name: optional(kinds.text),
})

/** How the term of a distillation loss is called: `dkd(student, static-teacher)`. */
export const edgeName = ({ name, loss, student, teacher }: EdgeOptions): string =>
  name ?? `${loss.name}(${student}, ${teacher})`

/** Where the run keeps the trained heads of a loss, and its memory. */
export const headsOf = (term: string): string => `heads ${term}`
export const memoryOf = (term: string): string => `memory ${term}`

/** Whether tensors of that store belong to a loss. */
export const isHeadStore = (store: string): boolean => store.startsWith(headsOf(''))

const SIDES = ['student', 'teacher'] as const

/** The passes of both sides: on the edge's views under the side's name, on the loss's further views under `<side>@<view>`. */
function passesOf({ student, teacher, loss, on = {} }: EdgeOptions): Record<string, Pass> {
  const actors = { student, teacher }
  const entries = SIDES.flatMap((side) => {
    const pass = { actor: actors[side], taps: loss.taps?.[side] ?? [] }
    const further = (loss.views ?? []).map((view) => [`${side}@${view}`, { ...pass, view }] as const)
    return [[side, { ...pass, view: on[side] }] as const, ...further]
  })
  return Object.fromEntries(entries)
}

/** A distillation loss between two actors, as a term. Heads and memory are looked up under `headsOf` and `memoryOf`. */
export function distillationTerm(edge: EdgeOptions): LossTerm {
  checkArgument('distillationTerm', 'edge', edgeKind, edge)
  const { loss, weight, stopGradient: stop = 'teacher' } = edge
  const name = edgeName(edge)
  const pairOf = (outputs: Outputs, view = '') => {
    const [student, teacher] = SIDES.map((side) => {
      const seen = outputs[`${side}${view}`]!
      return stop === side ? cutOff(seen) : seen
    }) as [PassOutputs, PassOutputs]
    return { student, teacher }
  }
  return {
    name,
    weight,
    passes: passesOf(edge),
    ...(loss.fields && { fields: loss.fields }),
    ...(loss.labels && { labels: loss.labels }),
    ...(loss.distribution && { distribution: loss.distribution }),
    ...(loss.comparesSamples && { comparesSamples: true }),
    ...(edge.rows && { rows: edge.rows }),
    compute(outputs, { tensors, statistics, update, ...context }) {
      const views = loss.views?.map((view) => [view, pairOf(outputs, `@${view}`)] as const)
      const { outputs: _, taps: __, ...rows } = outputs['student']!
      return loss.compute({
        ...context,
        ...rows,
        ...pairOf(outputs),
        ...(views && { views: Object.fromEntries(views) }),
        heads: scopeOf(headsOf(name), tensors),
        memory: scopeOf(memoryOf(name), statistics),
        remember: (key, value) => update(`${memoryOf(name)}/${key}`, value),
      })
    },
  }
}
