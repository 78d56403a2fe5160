import * as tf from '@tensorflow/tfjs'
import type { GradientRepair } from './gradient-repair.ts'

/** The gradient of a running sum is the running sum of dy the other way. */
export const cumsum: GradientRepair = {
  kernel: 'Cumsum',
  repairs: 'permutes its result when the axis is not the last: throws, or is silently wrong for a square tensor',
  create: () => (dy, _saved, attrs) => {
    const { axis, exclusive, reverse } = attrs as unknown as { axis: number; exclusive: boolean; reverse: boolean }
    return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) }
  },
}
