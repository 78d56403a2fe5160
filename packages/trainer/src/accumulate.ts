import * as tf from '@tensorflow/tfjs'
import { mapRecord, type TensorRecord } from '@gpdjs/core'
import { gradientPass, type GradientPass, type GradientPassOptions, type TrainingBatch } from './gradient-pass.ts'
import type { StepScalars } from './step-scalars.ts'
import { samplesOf } from './outputs.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import { shareOf } from './weighted-mean.ts'
import type { TrainingState } from './training-state.ts'

type Share = number | tf.Scalar

const addShare = (sum: TensorRecord, next: TensorRecord, share: Share): Record<string, tf.Tensor> =>
  mapRecord(next, (tensor, name) => (sum[name] ? tf.add(sum[name], tf.mul(tensor, share)) : tf.mul(tensor, share)))

/** Statistics of earlier micro-batches were kept for the tape; those that a later one has moved are used no more. */
function disposeMoved(earlier: TensorRecord, later: TensorRecord): void {
  tf.dispose(Object.entries(earlier).flatMap(([name, tensor]) => (later[name] === tensor ? [] : [tensor])))
}

/**
 * The mean over several micro-batches, each with its share of the samples, or of the weights of all rows where the task
 * weighs them. Statistics move through all micro-batches in turn.
 */
export function accumulate(
  pipeline: Pipeline,
  state: TrainingState,
  batches: readonly TrainingBatch[],
  weights: StepScalars['weights'],
  options: Pick<GradientPassOptions, 'moves'> = {},
): GradientPass {
  const samples = batches.reduce((sum, { fields }) => sum + samplesOf(fields), 0)
  let total: GradientPass = { gradients: {}, statistics: state.statistics, metrics: {} }
  const passOf = (batch: TrainingBatch, microBatch: number): GradientPass => {
    try {
      const current = { ...state, statistics: total.statistics }
      return gradientPass(pipeline, current, batch, weights, { ...options, microBatch })
    } catch (error) {
      disposeMoved(total.statistics, state.statistics)
      throw error
    }
  }
  batches.forEach((batch, microBatch) => {
    const pass = passOf(batch, microBatch)
    const share = pass.rowWeight ?? samplesOf(batch.fields) / samples
    const next = {
      gradients: addShare(total.gradients, pass.gradients, share),
      metrics: addShare(total.metrics, pass.metrics, share),
    }
    const rowWeight =
      pass.rowWeight && (total.rowWeight ? tf.add<tf.Scalar>(total.rowWeight, pass.rowWeight) : pass.rowWeight)
    tf.dispose([pass.gradients, pass.metrics])
    if (microBatch > 0) disposeMoved(total.statistics, pass.statistics)
    total = { ...next, statistics: pass.statistics, ...(rowWeight && { rowWeight }) }
  })
  const { rowWeight } = total
  if (rowWeight === undefined) return total
  const divided = (record: TensorRecord) => mapRecord(record, (tensor) => shareOf(tensor, rowWeight))
  return { ...total, gradients: divided(total.gradients), metrics: divided(total.metrics) }
}
