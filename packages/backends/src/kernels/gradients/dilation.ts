import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { repairOf, type GradientFunction } from './gradient-repair.ts'

/** Puts `dilation − 1` slices of zeros between the slices along an axis. */
function spread(x: tf.Tensor, axis: number, dilation: number): tf.Tensor {
  const [outer, size, inner] = [x.shape.slice(0, axis), x.shape[axis]!, x.shape.slice(axis + 1)]
  const zeros: [number, number][] = [
    [0, 0],
    [0, dilation - 1],
    [0, 0],
  ]
  const filled = tf.pad(tf.reshape(x, [sizeOf(outer) * size, 1, sizeOf(inner)]), zeros)
  const whole = tf.reshape(filled, [sizeOf(outer), size * dilation, sizeOf(inner)])
  const cut = tf.slice(whole, [0, 0, 0], [sizeOf(outer), (size - 1) * dilation + 1, sizeOf(inner)])
  return tf.reshape(cut, [...outer, (size - 1) * dilation + 1, ...inner])
}

/** The slices along an axis that `spread` had kept. */
const pick = (x: tf.Tensor, axis: number, dilation: number): tf.Tensor =>
  tf.gather(x, tf.range(0, x.shape[axis]!, dilation, 'int32'), axis)

type Convolution = GradientFunction<{ readonly dilations?: number | number[] }, [x: tf.Tensor, filter: tf.Tensor]>

/** A dilated convolution is a plain one with zeros between the taps of its filter; so are its gradients. */
const undilated =
  (spatial: 2 | 3) =>
  (stock: Convolution): Convolution =>
  (dy, saved, attrs) => {
    const { dilations = 1 } = attrs
    const rates = typeof dilations === 'number' ? Array.from({ length: spatial }, () => dilations) : dilations
    if (rates.every((rate) => rate === 1)) return stock(dy, saved, attrs)
    const [x, filter] = saved
    const wide = rates.reduce((taps, rate, axis) => spread(taps, axis, rate), filter)
    const gradients = stock(dy, [x, wide], { ...attrs, dilations: rates.map(() => 1) })
    return {
      x: gradients['x']!,
      filter: () => rates.reduce((taps, rate, axis) => pick(taps, axis, rate), gradients['filter']!()),
    }
  }

const THROWS = 'throws when the filter is dilated'

export const dilatedConv2d = repairOf('Conv2D', THROWS, undilated(2))
export const dilatedDepthwise = repairOf('DepthwiseConv2dNative', THROWS, undilated(2))
export const dilatedConv3d = repairOf('Conv3D', THROWS, undilated(3))
