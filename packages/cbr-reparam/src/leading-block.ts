import * as tf from '@tensorflow/tfjs'
import {
  axisSize,
  isPlainAxis,
  segmentRatio,
  widenAxis,
  type Axis,
  type AxisSegment,
  type GroupRatios,
} from '@gpdjs/core'

/** The first copy inside each of a segment's repeats: `[h h | h' h']` → `[h | h']`. */
function leadingSegment(x: tf.Tensor, at: number, segment: AxisSegment, ratio: number): tf.Tensor {
  if (ratio === 1) return x
  const [before, after] = [x.shape.slice(0, at), x.shape.slice(at + 1)]
  const channels = segment.size / segment.repeat
  const blocks = tf.reshape(x, [...before, segment.repeat, channels * ratio, ...after])
  const first = tf.slice(
    blocks,
    blocks.shape.map(() => 0),
    blocks.shape.map((size, axis) => (axis === at + 1 ? channels : size)),
  )
  return tf.reshape(first, [...before, segment.size, ...after])
}

function leadingSegments(x: tf.Tensor, at: number, axis: Axis, ratios: GroupRatios): tf.Tensor {
  const parts = tf.split(
    x,
    widenAxis(axis, ratios).segments.map(({ size }) => size),
    at,
  )
  return tf.concat(
    parts.map((part, i) => leadingSegment(part, at, axis.segments[i]!, segmentRatio(axis.segments[i]!, ratios))),
    at,
  )
}

/**
 * The student's part of an expanded tensor: along every expanded axis the first copy of the channels.
 * The inverse of tiling; differentiable.
 *
 * @param axes labels of the tensor's axes at the student's size
 */
export function leadingBlock(x: tf.Tensor, axes: readonly Axis[], ratios: GroupRatios): tf.Tensor {
  const size = x.shape.map((width, at) => (isPlainAxis(axes[at]!) ? axisSize(axes[at]!) : width))
  const sliced = size.every((width, at) => width === x.shape[at])
    ? x
    : tf.slice(
        x,
        size.map(() => 0),
        size,
      )
  const expanded = (axis: Axis) => axis.segments.some((segment) => segmentRatio(segment, ratios) > 1)
  return axes.reduce(
    (result, axis, at) => (isPlainAxis(axis) || !expanded(axis) ? result : leadingSegments(result, at, axis, ratios)),
    sliced,
  )
}
