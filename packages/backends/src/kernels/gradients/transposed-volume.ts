import * as tf from '@tensorflow/tfjs'
import { gradientRepair } from './gradient-repair.ts'

interface Attributes {
  readonly strides: number | [number, number, number]
  readonly pad: 'same' | 'valid'
}

/**
 * A transposed convolution, `y = Wᵀ dy`, is linear in both: the gradient of dy is the convolution `W dy′` of the
 * gradient `dy′` of y, that of the filter is the one of this convolution.
 */
export const conv3dBackpropInput = gradientRepair<Attributes, [dy: tf.Tensor5D, filter: tf.Tensor5D]>({
  kernel: 'Conv3DBackpropInputV2',
  problem: 'is missing: no transposed convolution of volumes can be trained',
  inputsToSave: ['dy', 'filter'],
  create:
    () =>
    (ddx, [dy, filter], { strides, pad }) => ({
      dy: () => tf.conv3d(ddx as tf.Tensor5D, filter, strides, pad),
      filter: () =>
        tf
          .engine()
          .runKernel(
            'Conv3DBackpropFilterV2',
            { x: ddx, dy },
            { strides, pad, filterShape: filter.shape },
          ) as tf.Tensor,
    }),
})
