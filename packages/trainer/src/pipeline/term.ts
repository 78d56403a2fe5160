import * as tf from '@tensorflow/tfjs'
import {
  mapRecord,
  stopGradient,
  type ActorOutputs,
  type DistillationLoss,
  type PairOutputs,
  type RandomStream,
  type TensorRecord,
} from '@gpdjs/core'
import type { Schedule } from '../schedule.ts'
import { scopeOf } from './scope.ts'

/** What every actor computed on the same images, by its name. */
export type Outputs = Readonly<Record<string, ActorOutputs>>

/** What a term may use beside the outputs. */
export interface TermContext {
  /** Outputs on further views of the images, by the view's name: those that the term has asked for. */
  readonly views: Readonly<Record<string, Outputs>>
  /** Class indices, int32 `[batch]` */
  readonly labels: tf.Tensor1D
  /** Every trained and constant tensor of the run. */
  readonly tensors: TensorRecord
  /** Every statistic of the run, memories of losses included. */
  readonly statistics: TensorRecord
  /** Sets a statistic's value for the next step. */
  readonly update: (name: string, value: tf.Tensor) => void
  /** Positions of the images in the training set, int32 `[batch]`, where the data has them. */
  readonly index?: tf.Tensor1D
  /** Random numbers of this term in this step. */
  readonly random: () => RandomStream
}

/** One summand of the objective. */
export interface LossTerm {
  /** Unique: under this name it is logged. */
  readonly name: string
  readonly weight: Schedule
  /** Taps it needs, by actor. Actors that appear here run even if nobody else asks. */
  readonly taps: Readonly<Record<string, readonly string[]>>
  /** Further views of the images that these actors must look at. */
  readonly views?: readonly string[]
  /** The unweighted loss; a scalar. Disposes nothing. */
  compute(outputs: Outputs, context: TermContext): tf.Scalar
}

const cutOff = ({ logits, outputs, taps }: ActorOutputs): ActorOutputs => ({
  logits: stopGradient(logits),
  outputs: mapRecord(outputs, (output) => stopGradient(output)),
  taps: mapRecord(taps, (tap) => stopGradient(tap)),
})

/** The mean of what a loss gives for each row. */
const reduced = (value: tf.Scalar | tf.Tensor1D): tf.Scalar =>
  value.rank === 1 ? tf.mean(value) : (value as tf.Scalar)

export interface EdgeOptions {
  /** Who is taught. */
  readonly student: string
  /** Who teaches. */
  readonly teacher: string
  readonly loss: DistillationLoss
  readonly weight: Schedule
  /** Which side the term does not train. Default `teacher`. */
  readonly stopGradient?: 'teacher' | 'student' | 'none'
}

/** How the term of a distillation loss is called: `dkd(student, static-teacher)`. */
export const edgeName = ({ loss, student, teacher }: EdgeOptions): string => `${loss.name}(${student}, ${teacher})`

/** Where the run keeps the trained heads of a loss, and its memory. */
export const headsOf = (term: string): string => `heads ${term}`
export const memoryOf = (term: string): string => `memory ${term}`

/** A distillation loss between two actors, as a term. Heads and memory are looked up under `headsOf` and `memoryOf`. */
export function distillationTerm(edge: EdgeOptions): LossTerm {
  const { student, teacher, loss, weight, stopGradient: stop = 'teacher' } = edge
  const name = edgeName(edge)
  return {
    name,
    weight,
    taps: { [student]: loss.taps?.student ?? [], [teacher]: loss.taps?.teacher ?? [] },
    ...(loss.views && { views: loss.views }),
    compute(outputs, { views, tensors, statistics, update, index, ...context }) {
      const pair = (seen: Outputs): PairOutputs => ({
        student: stop === 'student' ? cutOff(seen[student]!) : seen[student]!,
        teacher: stop === 'teacher' ? cutOff(seen[teacher]!) : seen[teacher]!,
      })
      const value = loss.compute({
        ...context,
        fields: { ...(index && { index }) },
        ...pair(outputs),
        ...(loss.views && { views: Object.fromEntries(loss.views.map((view) => [view, pair(views[view]!)])) }),
        heads: scopeOf(headsOf(name), tensors),
        memory: scopeOf(memoryOf(name), statistics),
        remember: (key, value) => update(`${memoryOf(name)}/${key}`, value),
      })
      return reduced(value)
    },
  }
}
