import * as tf from '@tensorflow/tfjs'
import type { GradientRepair } from './gradient-repair.ts'

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1)

/** The number of each element of a tensor of this shape, `[0, size)`. */
const positions = (shape: readonly number[]): tf.Tensor =>
  tf.reshape(tf.range(0, sizeOf(shape), 1, 'int32'), [...shape])

/** Adds each number of dy to the element of a tensor of zeros that it was read from. */
export function addTo(shape: readonly number[], from: tf.Tensor, dy: tf.Tensor): tf.Tensor {
  if (dy.size === 0) return tf.zeros([...shape])
  const flat = tf.scatterND(tf.reshape(from, [-1, 1]), tf.reshape(dy, [-1]), [sizeOf(shape)])
  return tf.reshape(flat, [...shape])
}

/** Any operation that copies elements shows where they come from if it is given the positions themselves. */
const throughPositions = (
  kernel: string,
  problem: string,
  again: (positions: tf.Tensor, attrs: tf.NamedAttrMap) => tf.Tensor,
): GradientRepair => ({
  kernel,
  problem,
  inputsToSave: ['x'],
  create: () => (dy, saved, attrs) => {
    const [x] = saved as [tf.Tensor]
    return { x: () => addTo(x.shape, again(positions(x.shape), attrs), dy as tf.Tensor) }
  },
})

export const stridedSlice = throughPositions('StridedSlice', 'is missing', (from, attrs) => {
  const at = attrs as unknown as Record<'begin' | 'end' | 'strides', number[]> & Record<string, number>
  const { beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = at
  return tf.stridedSlice(
    from,
    at.begin,
    at.end,
    at.strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  )
})

export const mirrorPad = throughPositions('MirrorPad', 'forgets what the mirrored numbers got', (from, attrs) => {
  const { paddings, mode } = attrs as unknown as { paddings: [number, number][]; mode: 'reflect' | 'symmetric' }
  return tf.mirrorPad(from, paddings, mode)
})

export const topK: GradientRepair = {
  kernel: 'TopK',
  problem: 'is missing',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  create: () => (dys, saved) => {
    const [x, indices] = saved as [tf.Tensor, tf.Tensor]
    const rows = x.shape.slice(0, -1)
    const starts = tf.mul(positions([...rows, 1]), tf.scalar(x.shape.at(-1)!, 'int32'))
    return { x: () => addTo(x.shape, tf.add(indices, starts), (dys as tf.Tensor[])[0]!) }
  },
}

/** Batches of `tf.gather`. */
export const gather: GradientRepair = {
  kernel: 'GatherV2',
  problem: 'has a wrong shape with more than one batch axis',
  inputsToSave: ['x', 'indices'],
  create: (stock) => (dy, saved, attrs) => {
    const [x, indices] = saved as [tf.Tensor, tf.Tensor]
    const { axis, batchDims = 0 } = attrs as unknown as { axis: number; batchDims?: number }
    if (batchDims < 2) return stock!(dy, saved, attrs)
    return { x: () => addTo(x.shape, tf.gather(positions(x.shape), indices, axis, batchDims), dy as tf.Tensor) }
  },
}

export const gatherNd: GradientRepair = {
  kernel: 'GatherNd',
  problem: 'is missing',
  inputsToSave: ['params', 'indices'],
  create: () => (dy, saved) => {
    const [params, indices] = saved as [tf.Tensor, tf.Tensor]
    return { params: () => tf.scatterND(indices, dy as tf.Tensor, params.shape) }
  },
}

/** The blocks of the image, back into its channels. */
export const depthToSpace: GradientRepair = {
  kernel: 'DepthToSpace',
  problem: 'is missing',
  create: () => (dy, _saved, attrs) => {
    const { blockSize } = attrs as unknown as { blockSize: number }
    const [batch, height, width, channels] = (dy as tf.Tensor4D).shape
    const [rows, columns] = [height / blockSize, width / blockSize]
    return {
      x: () => {
        const blocks = tf.reshape(dy as tf.Tensor4D, [batch * rows, blockSize, columns, blockSize * channels])
        return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [batch, rows, columns, blockSize * blockSize * channels])
      },
    }
  },
}

export const diag: GradientRepair = {
  kernel: 'Diag',
  problem: 'is missing',
  inputsToSave: ['x'],
  create: () => (dy, saved) => {
    const [x] = saved as [tf.Tensor]
    const diagonal = () => tf.mul(positions([x.size]), tf.scalar(x.size + 1, 'int32'))
    return { x: () => tf.reshape(tf.gather(tf.reshape(dy as tf.Tensor, [-1]), diagonal()), x.shape) }
  },
}

/** `tf.image.flipLeftRight` turns itself around. */
export const flipLeftRight: GradientRepair = {
  kernel: 'FlipLeftRight',
  problem: 'is missing',
  create: () => (dy) => ({ image: () => tf.image.flipLeftRight(dy as tf.Tensor4D) }),
}
