import * as tf from '@tensorflow/tfjs'
import { mapRecord, runExtraKernel, type TensorRecord } from '@gpdjs/core'

/**
 * The gradients of one update: `scale · tensors`. The scale is carried along, so that a kernel that updates all tensors
 * can multiply on the way.
 */
export interface Gradients {
  readonly tensors: TensorRecord
  /** Default 1. */
  readonly scale?: tf.Scalar
  /** `√(Σ ‖g‖²)` over `tensors`, without the scale. Computed once. */
  norm(): tf.Scalar
}

/** `√(Σ ‖g‖²)` over all gradients; 0 if there are none. */
export function globalNorm(gradients: TensorRecord): tf.Scalar {
  const squares = Object.values(gradients)
  if (squares.length === 0) return tf.scalar(0)
  const fused = runExtraKernel('GlobalNorm', { ...gradients })
  if (fused !== undefined) return fused[0] as tf.Scalar
  return tf.sqrt(tf.addN(squares.map((gradient) => tf.sum(tf.square(gradient))))) as tf.Scalar
}

/** Gradients with scale 1. */
export function gradientsOf(tensors: TensorRecord): Gradients {
  let norm: tf.Scalar | undefined
  return { tensors, norm: () => (norm ??= globalNorm(tensors)) }
}

/** The same gradients, multiplied by one more factor when they are used. */
export function rescale({ tensors, scale, norm }: Gradients, factor: tf.Scalar): Gradients {
  return { tensors, norm, scale: scale === undefined ? factor : tf.mul(scale, factor) }
}

/** `scale · tensors`. */
export function scaledGradients({ tensors, scale }: Gradients): TensorRecord {
  return scale === undefined ? tensors : mapRecord(tensors, (gradient) => tf.mul(gradient, scale))
}

/** The gradients of some tensors; those of all tensors keep the norm that is known. */
export function gradientsFor(gradients: Gradients, isChosen: (name: string) => boolean): Gradients {
  const chosen = Object.entries(gradients.tensors).filter(([name]) => isChosen(name))
  if (chosen.length === Object.keys(gradients.tensors).length) return gradients
  const { scale } = gradients
  return { ...gradientsOf(Object.fromEntries(chosen)), ...(scale && { scale }) }
}
