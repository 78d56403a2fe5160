import * as tf from '@tensorflow/tfjs'

/** `[before, size, after]` → `[before, (size − 1) · step + 1, after]`, with zeros between the entries of the middle axis. */
function spread(x: tf.Tensor, [before, size, after]: [number, number, number], step: number): tf.Tensor {
  if (step === 1) return x
  const apart = tf.pad(tf.reshape(x, [before, size, 1, after]), [
    [0, 0],
    [0, 0],
    [0, step - 1],
    [0, 0],
  ])
  return tf.slice(tf.reshape(apart, [before, size * step, after]), [0, 0, 0], [-1, (size - 1) * step + 1, -1])
}

/**
 * A kernel with zeros between its rows and columns: a plain convolution with it is a dilated one with the kernel.
 * TensorFlow.js itself computes dilated convolutions, but has no gradient of them.
 *
 * @param kernel `[rows, columns, …]`
 * @param dilation rows and columns from one number of the kernel to the next
 * @returns `[(rows − 1) · dilation + 1, (columns − 1) · dilation + 1, …]`
 */
export function dilateKernel(kernel: tf.Tensor4D, [down, across]: readonly [number, number]): tf.Tensor4D {
  if (down === 1 && across === 1) return kernel
  const [rows, columns, depth, filters] = kernel.shape
  const height = (rows - 1) * down + 1
  const tall = spread(kernel, [1, rows, columns * depth * filters], down)
  const wide = spread(tall, [height, columns, depth * filters], across)
  return tf.reshape(wide, [height, (columns - 1) * across + 1, depth, filters])
}
