import * as tf from '@tensorflow/tfjs'
import type { TensorRecord } from '@gpdjs/core'

/** Batch-norm moments while one pass after another moves them. New values are kept, since the tape needs them. */
export interface MovingMoments {
  /** Every statistic as it is now. */
  now(): Record<string, tf.Tensor>
  move(name: string, value: tf.Tensor): void
  /** Frees values that later ones have replaced; to be called once the gradients are computed. */
  disposeReplaced(): void
  /** Frees all values but those it began with; to be called if something fails. */
  dispose(): void
}

export function movingMoments(start: TensorRecord): MovingMoments {
  const moved: Record<string, tf.Tensor> = {}
  const replaced: tf.Tensor[] = []
  return {
    now: () => ({ ...start, ...moved }),
    move(name, value) {
      if (moved[name]) replaced.push(moved[name])
      moved[name] = tf.keep(value)
    },
    disposeReplaced: () => tf.dispose(replaced),
    dispose: () => tf.dispose([replaced, moved]),
  }
}
