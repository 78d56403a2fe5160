import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp } from './op.ts'

export interface AdaptiveAveragePoolAttributes {
  /** Rows and columns that come out, whatever goes in. */
  readonly height: number
  readonly width: number
}

/**
 * What each of `positions` is the mean of: position i of rows `⌊i · size / positions⌋` to
 * `⌈(i + 1) · size / positions⌉`, as PyTorch has it. A matrix `[positions, size]`.
 */
export function adaptiveMeans(size: number, positions: number): number[][] {
  return Array.from({ length: positions }, (_, i) => {
    const [from, to] = [Math.floor((i * size) / positions), Math.ceil(((i + 1) * size) / positions)]
    return Array.from({ length: size }, (__, row) => (row >= from && row < to ? 1 / (to - from) : 0))
  })
}

/** The means along the middle axis of `[batch, size, rest]`. */
function meansAlong(x: tf.Tensor3D, positions: number): tf.Tensor3D {
  const size = x.shape[1]
  if (size === positions) return x
  return tf.matMul(tf.tensor3d([adaptiveMeans(size, positions)]), x)
}

/**
 * Average pooling to a size: `[height, width, channels]` → `[attributes.height, attributes.width, channels]`. Windows
 * overlap where sizes do not divide, and repeat pixels where the image is smaller than what is asked for.
 */
export const adaptiveAveragePool = defineOp<AdaptiveAveragePoolAttributes>({
  name: 'adaptiveAveragePool',
  infer({ node, attributes: { height, width }, inputs }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    if (shape.length !== 3) {
      throw new GpdError(
        'network.shape',
        `Node '${node}': expected an image [height, width, channels], got [${shape.join(', ')}].`,
      )
    }
    return { shape: [height, width, shape[2]!], channels }
  },
  apply({ attributes: { height, width }, inputs }) {
    const [batch, rows, columns, channels] = inputs[0]!.shape as [number, number, number, number]
    const low = meansAlong(tf.reshape(inputs[0]!, [batch, rows, columns * channels]), height)
    const small = meansAlong(tf.reshape(low, [batch * height, columns, channels]), width)
    return tf.reshape(small, [batch, height, width, channels])
  },
})
