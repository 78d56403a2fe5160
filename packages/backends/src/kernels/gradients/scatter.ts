import * as tf from '@tensorflow/tfjs'
import { gradientRepair } from './gradient-repair.ts'

export const scatterNd = gradientRepair<object, [indices: tf.Tensor]>({
  kernel: 'ScatterNd',
  problem: 'is missing',
  inputsToSave: ['indices'],
  create:
    () =>
    (dy, [indices]) => ({ updates: () => tf.gatherND(dy, indices) }),
})

/** Numbers that were written over get no gradient: those of the tensor, and updates that a later one replaced. */
export const tensorScatterUpdate = gradientRepair<object, [indices: tf.Tensor, updates: tf.Tensor]>({
  kernel: 'TensorScatterUpdate',
  problem: 'is missing',
  inputsToSave: ['indices', 'updates'],
  create:
    () =>
    (dy, [indices, updates]) => ({
      tensor: () => tf.tensorScatterUpdate(dy, indices, tf.zerosLike(updates)),
      updates: () => {
        const own = tf.reshape(tf.range(0, updates.size, 1, 'int32'), updates.shape)
        const written = tf.tensorScatterUpdate(tf.zeros(dy.shape, 'int32'), indices, own)
        const stayed = tf.equal(tf.gatherND(written, indices), own)
        return tf.mul(tf.gatherND(dy, indices), tf.cast(stayed, 'float32'))
      },
    }),
})
