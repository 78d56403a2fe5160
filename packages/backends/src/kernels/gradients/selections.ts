import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { gradientRepair, type GradientRepair } from './gradient-repair.ts'

/** The number of each element of a tensor of this shape, `[0, size)`. */
const positions = (shape: readonly number[]): tf.Tensor =>
  tf.reshape(tf.range(0, sizeOf(shape), 1, 'int32'), [...shape])

/** Adds each number of dy to the element of a tensor of zeros that it was read from. */
export function addTo(shape: readonly number[], from: tf.Tensor, dy: tf.Tensor): tf.Tensor {
  if (dy.size === 0) return tf.zeros([...shape])
  const flat = tf.scatterND(tf.reshape(from, [-1, 1]), tf.reshape(dy, [-1]), [sizeOf(shape)])
  return tf.reshape(flat, [...shape])
}

/** Applied to the positions of the elements, an operation that copies elements returns where each copy comes from. */
const throughPositions = <Attributes>(
  kernel: string,
  problem: string,
  again: (positions: tf.Tensor, attrs: Attributes) => tf.Tensor,
): GradientRepair =>
  gradientRepair<Attributes, [x: tf.Tensor]>({
    kernel,
    problem,
    inputsToSave: ['x'],
    create:
      () =>
      (dy, [x], attrs) => ({ x: () => addTo(x.shape, again(positions(x.shape), attrs), dy) }),
  })

type Masks = Readonly<Record<`${'begin' | 'end' | 'ellipsis' | 'newAxis' | 'shrinkAxis'}Mask`, number>>
type StridedSlice = Masks & Readonly<Record<'begin' | 'end' | 'strides', number[]>>

export const stridedSlice = throughPositions<StridedSlice>('StridedSlice', 'is missing', (from, at) => {
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

interface MirrorPad {
  readonly paddings: [number, number][]
  readonly mode: 'reflect' | 'symmetric'
}

export const mirrorPad = throughPositions<MirrorPad>(
  'MirrorPad',
  'forgets what the mirrored numbers got',
  (from, { paddings, mode }) => tf.mirrorPad(from, paddings, mode),
)

export const topK = gradientRepair<object, [x: tf.Tensor, indices: tf.Tensor], tf.Tensor[]>({
  kernel: 'TopK',
  problem: 'is missing',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  create:
    () =>
    (dys, [x, indices]) => {
      const rows = x.shape.slice(0, -1)
      const starts = tf.mul(positions([...rows, 1]), tf.scalar(x.shape.at(-1)!, 'int32'))
      return { x: () => addTo(x.shape, tf.add(indices, starts), dys[0]!) }
    },
})

/** `tf.gather` with two or more batch axes. */
export const gather = gradientRepair<
  { readonly axis: number; readonly batchDims?: number },
  [x: tf.Tensor, indices: tf.Tensor]
>({
  kernel: 'GatherV2',
  problem: 'has a wrong shape with more than one batch axis',
  inputsToSave: ['x', 'indices'],
  create: (stock) => (dy, saved, attrs) => {
    const [x, indices] = saved
    const { axis, batchDims = 0 } = attrs
    if (batchDims < 2) return stock!(dy, saved, attrs)
    return { x: () => addTo(x.shape, tf.gather(positions(x.shape), indices, axis, batchDims), dy) }
  },
})

export const gatherNd = gradientRepair<object, [params: tf.Tensor, indices: tf.Tensor]>({
  kernel: 'GatherNd',
  problem: 'is missing',
  inputsToSave: ['params', 'indices'],
  create:
    () =>
    (dy, [params, indices]) => ({ params: () => tf.scatterND(indices, dy, params.shape) }),
})

/** The blocks of the image, back into its channels. */
export const depthToSpace = gradientRepair<{ readonly blockSize: number }>({
  kernel: 'DepthToSpace',
  problem: 'is missing',
  create:
    () =>
    (dy, _, { blockSize }) => {
      const [batch, height, width, channels] = (dy as tf.Tensor4D).shape
      const [rows, columns] = [height / blockSize, width / blockSize]
      return {
        x: () => {
          const blocks = tf.reshape(dy as tf.Tensor4D, [batch * rows, blockSize, columns, blockSize * channels])
          return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [
            batch,
            rows,
            columns,
            blockSize * blockSize * channels,
          ])
        },
      }
    },
})

export const diag = gradientRepair<object, [x: tf.Tensor]>({
  kernel: 'Diag',
  problem: 'is missing',
  inputsToSave: ['x'],
  create:
    () =>
    (dy, [x]) => {
      const diagonal = () => tf.mul(positions([x.size]), tf.scalar(x.size + 1, 'int32'))
      return { x: () => tf.reshape(tf.gather(tf.reshape(dy, [-1]), diagonal()), x.shape) }
    },
})

/** Flipping twice restores the image: the gradient is flipped. */
export const flipLeftRight = gradientRepair<object>({
  kernel: 'FlipLeftRight',
  problem: 'is missing',
  create: () => (dy) => ({ image: () => tf.image.flipLeftRight(dy as tf.Tensor4D) }),
})
