import type * as tf from '@tensorflow/tfjs'
import { mapRecord, stopGradient, type ActorOutputs, type DistillationLoss } from '@gpdjs/core'
import type { Schedule } from '../schedule.ts'

/** One summand of the objective. */
export interface LossTerm {
  /** Unique: under this name it is logged. */
  readonly name: string
  readonly weight: Schedule
  /** Taps it needs, by actor. Actors that appear here run even if nobody else asks. */
  readonly taps: Readonly<Record<string, readonly string[]>>
  /** The unweighted loss; a scalar. Disposes nothing. */
  compute(outputs: Readonly<Record<string, ActorOutputs>>, labels: tf.Tensor1D): tf.Scalar
}

const cutOff = ({ logits, taps }: ActorOutputs): ActorOutputs => ({ logits: stopGradient(logits), taps: mapRecord(taps, (tap) => stopGradient(tap)) })

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

/** A distillation loss between two actors. */
export function distillationTerm({ student, teacher, loss, weight, stopGradient: stop = 'teacher' }: EdgeOptions): LossTerm {
  return {
    name: `${loss.name}(${student}, ${teacher})`,
    weight,
    taps: { [student]: loss.taps?.student ?? [], [teacher]: loss.taps?.teacher ?? [] },
    compute(outputs, labels) {
      const [taught, teaching] = [outputs[student]!, outputs[teacher]!]
      return loss.compute({
        student: stop === 'student' ? cutOff(taught) : taught,
        teacher: stop === 'teacher' ? cutOff(teaching) : teaching,
        labels,
      })
    },
  }
}
