import * as tf from '@tensorflow/tfjs'
import {
  apply,
  denseGradients,
  mapRecord,
  randomStream,
  stopGradient,
  valueAndGradients,
  type TensorRecord,
} from '@gpdjs/core'
import { frozenOutputs, isWatched, looksOf, tapsOf } from './looks.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import { inScope, scopeOf } from './pipeline/scope.ts'
import type { TrainingState } from './training-state.ts'

/** One batch on the device. */
export interface TrainingBatch {
  /** Images `[batch, height, width, channels]` */
  readonly xs: tf.Tensor
  /** Further views of the same images, by name: other augmentations, for losses that compare them. */
  readonly views?: Readonly<Record<string, tf.Tensor>>
  /** Class indices, int32 `[batch]` */
  readonly ys: tf.Tensor1D
  /** Positions of the images in the training set, int32 `[batch]`, for losses that remember images. */
  readonly index?: tf.Tensor1D
  /** Logits of frozen actors that need not run, `[batch, classes]`, by actor. */
  readonly logits?: Readonly<Record<string, tf.Tensor2D>>
}

/** Numbers of this step that are decided outside of it. */
export interface StepScalars {
  /** Length of the run, which the optimizer's schedules are stretched over. */
  readonly totalSteps: number
  /** Weight of every loss term, by name. */
  readonly weights: Readonly<Record<string, number>>
}

/** Scalars on the device: `loss`, each unweighted term by name, `gradient-norm` before clipping, `<actor>/accuracy`. */
export type StepMetrics = Record<string, tf.Tensor>

/** What a batch says about the parameters. */
export interface GradientPass {
  readonly gradients: Record<string, tf.Tensor>
  readonly statistics: Record<string, tf.Tensor>
  readonly metrics: StepMetrics
}

const accuracy = (logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar =>
  tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'))

/** Loss, gradients and new statistics of one (micro-)batch. Nothing is updated. */
export function gradientPass(
  pipeline: Pipeline,
  { trainables, statistics, step }: Pick<TrainingState, 'trainables' | 'statistics' | 'step'>,
  batch: TrainingBatch,
  weights: StepScalars['weights'],
  microBatch = 0,
): GradientPass {
  return tf.tidy(() => {
    const looks = looksOf(pipeline, batch).map((look) => ({ ...look, outputs: frozenOutputs(pipeline, look) }))
    const [images, ...further] = looks as [(typeof looks)[number], ...typeof looks]
    const moved: Record<string, tf.Tensor> = {}
    const replaced: tf.Tensor[] = []
    const metrics: StepMetrics = {}
    const note = (name: string, value: tf.Tensor) => (metrics[name] = tf.keep(tf.clone(value)))

    const objective = (variables: TensorRecord): tf.Scalar => {
      const tensors = { ...pipeline.constants, ...variables }
      for (const actor of pipeline.actors.filter(({ role }) => role === 'learner')) {
        const { name, network } = actor
        const parameters = actor.parameters(tensors, batch.xs.shape[0])
        for (const { outputs, ...look } of looks.filter((each) => isWatched(actor, each))) {
          const result = apply(
            network,
            parameters,
            scopeOf(name, { ...statistics, ...moved }),
            actor.input?.(look.xs) ?? look.xs,
            {
              training: true,
              taps: tapsOf(actor, look),
              random: (node) => randomStream(pipeline.seed, 'dropout', name, node, step, microBatch, ...look.path),
            },
          )
          const kept = inScope(
            name,
            mapRecord(result.statistics, (tensor) => tf.keep(tensor)),
          )
          replaced.push(...Object.keys(kept).flatMap((statistic) => moved[statistic] ?? []))
          Object.assign(moved, kept)
          outputs[name] = result
        }
        note(`${name}/accuracy`, accuracy(images.outputs[name]!.logits, batch.ys))
      }
      const views = Object.fromEntries(further.map(({ path, outputs }) => [path[0], outputs]))
      const weighted = pipeline.terms.map((term) => {
        const value = term.compute(images.outputs, {
          views,
          labels: batch.ys,
          tensors,
          statistics,
          update: (name, moment) => (moved[name] = tf.keep(stopGradient(moment))),
          random: () => randomStream(pipeline.seed, 'loss', term.name, step, microBatch),
          ...(batch.index && { index: batch.index }),
        })
        note(term.name, value)
        return tf.mul(value, weights[term.name]!)
      })
      return tf.addN(weighted) as tf.Scalar
    }
    const { value, gradients } = valueAndGradients(objective, trainables)
    // Moments of a view that a later view has moved on from were kept for the tape.
    tf.dispose(replaced)
    return {
      gradients: denseGradients(gradients, trainables),
      statistics: { ...statistics, ...moved },
      metrics: { ...metrics, loss: value },
    }
  })
}

/** The mean over several micro-batches; statistics move through all of them in turn. */
export function accumulate(
  pipeline: Pipeline,
  state: TrainingState,
  batches: readonly TrainingBatch[],
  weights: StepScalars['weights'],
): GradientPass {
  let total: GradientPass = { gradients: {}, statistics: state.statistics, metrics: {} }
  const meanOf = (sum: TensorRecord, next: TensorRecord, share: number) =>
    mapRecord(next, (tensor, name) => (sum[name] ? tf.add(sum[name], tf.mul(tensor, share)) : tf.mul(tensor, share)))
  const images = batches.reduce((sum, { xs }) => sum + xs.shape[0]!, 0)
  batches.forEach((batch, at) => {
    const pass = gradientPass(pipeline, { ...state, statistics: total.statistics }, batch, weights, at)
    const share = batch.xs.shape[0]! / images
    const next = {
      gradients: meanOf(total.gradients, pass.gradients, share),
      metrics: meanOf(total.metrics, pass.metrics, share),
    }
    tf.dispose([pass.gradients, pass.metrics])
    // Statistics of earlier micro-batches were kept for the tape and belong to nobody now.
    if (at > 0)
      tf.dispose(
        Object.entries(total.statistics).flatMap(([name, tensor]) =>
          pass.statistics[name] === tensor ? [] : [tensor],
        ),
      )
    total = { ...next, statistics: pass.statistics }
  })
  return total
}
