import * as tf from '@tensorflow/tfjs'
import type { GradientRepair } from './gradient-repair.ts'

export const scatterNd: GradientRepair = {
  kernel: 'ScatterNd',
  problem: 'is missing',
  inputsToSave: ['indices'],
  create: () => (dy, saved) => {
    const [indices] = saved as [tf.Tensor]
    return { updates: () => tf.gatherND(dy as tf.Tensor, indices) }
  },
}

/** Numbers that were written over get no gradient: those of the tensor, and updates that a later one replaced. */
export const tensorScatterUpdate: GradientRepair = {
  kernel: 'TensorScatterUpdate',
  problem: 'is missing',
  inputsToSave: ['indices', 'updates'],
  create: () => (dys, saved) => {
    const [indices, updates] = saved as [tf.Tensor, tf.Tensor]
    const dy = dys as tf.Tensor
    return {
      tensor: () => tf.tensorScatterUpdate(dy, indices, tf.zerosLike(updates)),
      updates: () => {
        const own = tf.reshape(tf.range(0, updates.size, 1, 'int32'), updates.shape)
        const written = tf.tensorScatterUpdate(tf.zeros(dy.shape, 'int32'), indices, own)
        const stayed = tf.equal(tf.gatherND(written, indices), own)
        return tf.mul(tf.gatherND(dy, indices), tf.cast(stayed, 'float32'))
      },
    }
  },
}
