import {
  initializeParameters,
  randomStream,
  type ActorOutputs,
  sizeOf,
  type DistillationContext,
  type DistillationLoss,
  type LossSetup,
  type Shape,
  type TensorRecord,
} from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import type { Values } from './evaluate.ts'

/** Normal numbers that depend on the name only. */
export function drawn(name: string, shape: readonly number[], offset = 0): Values {
  const stream = randomStream(0, 'kd-losses', name)
  const size = sizeOf(shape)
  return { shape, data: Array.from({ length: size }, () => Math.fround(offset + stream.normal())) }
}

/** Every number changed. */
export const mapped = ({ shape, data }: Values, f: (value: number, index: number) => number): Values => ({
  shape,
  data: data.map(f),
})

/** The last axis in another order. */
export function permuted({ shape, data }: Values, order: readonly number[]): Values {
  const width = shape.at(-1)!
  return { shape, data: data.map((_, i) => data[i - (i % width) + order[i % width]!]!) }
}

/** Rows as vectors, multiplied by a rotation in the plane of the first two entries. */
export const rotated = ({ shape, data }: Values, angle: number): Values => {
  const width = shape.at(-1)!
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  const at = (row: number, column: number) => data[row * width + column]!
  const entry = (row: number, column: number) => {
    if (column === 0) return c * at(row, 0) - s * at(row, 1)
    if (column === 1) return s * at(row, 0) + c * at(row, 1)
    return at(row, column)
  }
  return { shape, data: data.map((_, i) => entry(Math.floor(i / width), i % width)) }
}

export const rows = ({ shape, data }: Values): number[][] => {
  const width = sizeOf(shape.slice(1))
  return Array.from({ length: shape[0]! }, (_, i) => data.slice(i * width, (i + 1) * width))
}

type Side = Readonly<Record<string, Shape>>

/** What the trainer would pass to `prepare`. */
export const setupOf = (student: Side, teacher: Side, given: Partial<LossSetup> = {}): LossSetup => ({
  student,
  teacher,
  outputs: { logits: [5] },
  samples: 12,
  seed: 0,
  ...given,
})

/** The tensors that a loss asks for, drawn as the trainer draws them. */
export function prepared(loss: DistillationLoss, setup: LossSetup): { heads: TensorRecord; memory: TensorRecord } {
  const { heads = [], memory = {} } = loss.prepare?.(setup) ?? {}
  return { heads: initializeParameters(heads, setup.seed), memory }
}

/** What an actor with the only output `logits` computed. */
export const actorOf = (logits: tf.Tensor2D, taps: TensorRecord = {}): ActorOutputs => ({
  logits,
  outputs: { logits },
  taps,
})

/** A context with these logits and no taps. */
export const logitContext = (
  { student, teacher }: { readonly student: tf.Tensor2D; readonly teacher: tf.Tensor2D },
  labels: tf.Tensor1D,
): DistillationContext => ({ student: actorOf(student), teacher: actorOf(teacher), labels, fields: {} })

/** A context with these taps and logits that no loss of features reads. */
export function contextOf(
  student: TensorRecord,
  teacher: TensorRecord,
  given: Partial<DistillationContext> = {},
): DistillationContext {
  const batch = Object.values(student)[0]!.shape[0]!
  const logits = tf.zeros<tf.Rank.R2>([batch, 5])
  return {
    student: actorOf(logits, student),
    teacher: actorOf(logits, teacher),
    labels: tf.zeros<tf.Rank.R1>([batch], 'int32'),
    fields: {},
    ...given,
  }
}
