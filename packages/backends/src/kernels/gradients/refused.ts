import { GpdError } from '@gpdjs/core'
import type { GradientRepair } from './gradient-repair.ts'

/** A gradient that TensorFlow.js lacks and that this project does not add. */
export interface RefusedGradient {
  readonly kernel: string
  /** What to use instead: completes the error. */
  readonly instead: string
}

const COMPLEX = 'Train with real numbers: products with matrices of cosines and sines, or a convolution.'
const WARP =
  'Augment images before they enter the network, or turn them with tf.image.resizeBilinear, tf.reverse and tf.transpose.'
const SPARSE = 'Use tf.scatterND, tf.gather and tf.sum, which can be trained.'

/** Differentiable operations whose gradients TensorFlow.js 4.22 lacks on every backend. */
export const refusedGradients: readonly RefusedGradient[] = [
  // tfjs-core cannot pass complex numbers from one gradient to the next.
  { kernel: 'Complex', instead: COMPLEX },
  { kernel: 'FFT', instead: COMPLEX },
  { kernel: 'IFFT', instead: COMPLEX },
  { kernel: 'Real', instead: COMPLEX },
  { kernel: 'Imag', instead: COMPLEX },
  { kernel: 'CropAndResize', instead: 'Use tf.slice and tf.image.resizeBilinear.' },
  { kernel: 'Transform', instead: WARP },
  { kernel: 'RotateWithOffset', instead: WARP },
  { kernel: 'MaxPoolWithArgmax', instead: 'Use tf.maxPool.' },
  { kernel: 'SparseToDense', instead: SPARSE },
  { kernel: 'SparseSegmentMean', instead: SPARSE },
  { kernel: 'SparseSegmentSum', instead: SPARSE },
]

/** A gradient function that throws an error with what is missing and what to use. */
export const refusal = ({ kernel, instead }: RefusedGradient): GradientRepair => ({
  kernel,
  problem: 'is missing',
  create: () => () => {
    throw new GpdError('backend.unsupported', `TensorFlow.js has no gradient of ${kernel}, on any backend.`, instead)
  },
})
