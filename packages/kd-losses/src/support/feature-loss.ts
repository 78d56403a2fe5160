import type * as tf from '@tensorflow/tfjs'
import {
  didYouMean,
  GpdError,
  type DistillationContext,
  type DistillationLoss,
  type LossSetup,
  type LossTensors,
  type Shape,
} from '@gpdjs/core'
import { checkBatch, type Feature } from './check-features.ts'
import { sumOf } from './sums.ts'
import type { Taps } from './taps.ts'

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

type Value = ReturnType<DistillationLoss['compute']>

export interface FeatureLoss extends Pick<
  DistillationLoss,
  'name' | 'fields' | 'comparesSamples' | 'labels' | 'distribution'
> {
  readonly taps: Taps
  /** Refuses a pair by its shapes: before training, and before anything is computed. */
  readonly check?: (where: string, student: Feature, teacher: Feature) => void
  /** Samples that a batch must have for a gradient (default 1); what `prepare` returns comes first. */
  readonly leastBatch?: number
  /** Heads and memory for the shapes of the taps (without the batch axis). */
  readonly prepare?: (pairs: readonly TapPair<Shape>[], setup: LossSetup) => LossTensors
  readonly compute: (pairs: readonly TapPair<tf.Tensor>[], context: DistillationContext) => Value
}

/** The loss of every pair, added up. */
export const eachPair =
  (loss: (pair: TapPair<tf.Tensor>, context: DistillationContext) => Value): FeatureLoss['compute'] =>
  (pairs, context) =>
    sumOf(pairs.map((pair) => loss(pair, context)))

/** A loss over pairs of taps as plugins take it: finds the taps, checks them, and names them in what it throws. */
export function featureLoss({ check, prepare, compute, leastBatch, ...loss }: FeatureLoss): DistillationLoss {
  const { name, taps } = loss
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
    ...loss,
    prepare(setup) {
      const shapes = pairs(setup.student, setup.teacher)
      for (const { student, teacher, position } of shapes) {
        checkShapes(position, ['batch', ...student], ['batch', ...teacher])
      }
      return { ...(leastBatch && { leastBatch }), ...prepare?.(shapes, setup) }
    },
    compute(context) {
      const tensors = pairs(context.student.taps, context.teacher.taps)
      for (const { student, teacher, position } of tensors) checkShapes(position, student.shape, teacher.shape)
      return compute(tensors, context)
    },
  }
}
