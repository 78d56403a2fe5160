import * as tf from '@tensorflow/tfjs'
import {
  didYouMean,
  GpdError,
  needed,
  option,
  type DistillationContext,
  type DistillationLoss,
  type Given,
  type Kind,
  type LossSetup,
  type LossTensors,
  type Shape,
} from '@gpdjs/core'
import { checkBatch, type Feature } from './check-features.ts'

function readNames(value: unknown): readonly string[] | undefined {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value]
  const valid = names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
  return valid ? (names as readonly string[]) : undefined
}

/** One or more names of taps, read as a list. */
export const tapNames: Kind<readonly string[], string | readonly string[]> = {
  expected: [`a tap such as 'layer3'`, 'a list of taps'],
  read: readNames,
}

/** The options of every loss that compares maps; the teacher's names are those of the student unless given. */
export const MAP_TAPS = {
  /** Taps of the student, for example `'layer3'` or `['layer2', 'layer3']`. */
  student: needed(tapNames),
  /** Taps of the teacher in the same order (default: the same names as on the student). */
  teacher: option(tapNames, []),
}

/** Where a feature loss looks: names of taps, one for each pair that is compared. */
export type TapOptions = Given<typeof MAP_TAPS>

/** The options of every loss that compares one vector per image: pooled features, unless told otherwise. */
export const VECTOR_TAPS = { ...MAP_TAPS, student: option(tapNames, ['pool']) }

export interface Taps {
  readonly student: readonly string[]
  readonly teacher: readonly string[]
}

/** @throws GpdError `config.invalid` unless both sides name as many taps */
export function pairTaps(where: string, student: readonly string[], teacher: readonly string[]): Taps {
  const taps = { student, teacher: teacher.length === 0 ? student : teacher }
  if (taps.student.length === taps.teacher.length) return taps
  const found = `${taps.student.length} of the student and ${taps.teacher.length} of the teacher`
  throw new GpdError(
    'config.invalid',
    `${where}: expected as many taps on both sides, got ${found}.`,
    'Name them in pairs.',
  )
}

/** @throws GpdError `network.invalid` with the taps that exist */
function findTap<T>(where: string, side: string, tap: string, known: Readonly<Record<string, T>>): T {
  const found = known[tap]
  if (found !== undefined) return found
  throw new GpdError(
    'network.invalid',
    `${where}: the ${side} has no tap '${tap}'.`,
    didYouMean(tap, Object.keys(known)),
  )
}

/** Two features that are compared, and where they stand among those of their loss. */
export interface TapPair<T> {
  readonly student: T
  readonly teacher: T
  readonly position: number
}

export interface FeatureLoss {
  readonly name: string
  readonly taps: Taps
  /** Refuses a pair by its shapes: before training, and before anything is computed. */
  readonly check?: (where: string, student: Feature, teacher: Feature) => void
  /** Heads and memory for the shapes of the taps (without the batch axis). */
  readonly prepare?: (pairs: readonly TapPair<Shape>[], setup: LossSetup) => LossTensors
  readonly compute: (pairs: readonly TapPair<tf.Tensor>[], context: DistillationContext) => tf.Scalar
}

/** The loss of every pair, added up. */
export const eachPair =
  (loss: (pair: TapPair<tf.Tensor>, context: DistillationContext) => tf.Scalar): FeatureLoss['compute'] =>
  (pairs, context) =>
    sumOf(pairs.map((pair) => loss(pair, context)))

export const sumOf = (terms: readonly tf.Scalar[]): tf.Scalar =>
  terms.length === 1 ? terms[0]! : (tf.addN([...terms]) as tf.Scalar)

/** A loss over pairs of taps as plugins take it: finds the taps, checks them, and names them in what it throws. */
export function featureLoss({ name, taps, check, prepare, compute }: FeatureLoss): DistillationLoss {
  const pairs = <T>(student: Readonly<Record<string, T>>, teacher: Readonly<Record<string, T>>): TapPair<T>[] =>
    taps.student.map((tap, position) => ({
      student: findTap(name, 'student', tap, student),
      teacher: findTap(name, 'teacher', taps.teacher[position]!, teacher),
      position,
    }))
  const checkShapes = (position: number, student: Feature['shape'], teacher: Feature['shape']) => {
    const [left, right] = [
      { shape: student, tap: taps.student[position]! },
      { shape: teacher, tap: taps.teacher[position]! },
    ]
    checkBatch(name, left, right)
    check?.(name, left, right)
  }
  return {
    name,
    taps,
    prepare(setup) {
      const shapes = pairs(setup.student, setup.teacher)
      for (const { student, teacher, position } of shapes) {
        checkShapes(position, ['batch', ...student], ['batch', ...teacher])
      }
      return prepare?.(shapes, setup) ?? {}
    },
    compute(context) {
      const tensors = pairs(context.student.taps, context.teacher.taps)
      for (const { student, teacher, position } of tensors) checkShapes(position, student.shape, teacher.shape)
      return compute(tensors, context)
    },
  }
}
