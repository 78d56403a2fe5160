import * as tf from '@tensorflow/tfjs'
import { isPlainAxis, segmentRatio, type Axis, type AxisSegment, type GroupRatios } from '@gpdjs/core'

/** Tiles the channels inside each of a segment's repeats: `[h | h']` → `[h h | h' h']`. */
function tileSegment(x: tf.Tensor, at: number, segment: AxisSegment, ratio: number): tf.Tensor {
  if (ratio === 1) return x
  const [before, after] = [x.shape.slice(0, at), x.shape.slice(at + 1)]
  const blocks = tf.reshape(x, [...before, segment.repeat, segment.size / segment.repeat, ...after])
  const copies = blocks.shape.map((_, axis) => (axis === at + 1 ? ratio : 1))
  return tf.reshape(tf.tile(blocks, copies), [...before, segment.size * ratio, ...after])
}

function tileSegments(x: tf.Tensor, at: number, axis: Axis, ratios: GroupRatios): tf.Tensor {
  const parts = tf.split(
    x,
    axis.segments.map(({ size }) => size),
    at,
  )
  return tf.concat(
    parts.map((part, i) => tileSegment(part, at, axis.segments[i]!, segmentRatio(axis.segments[i]!, ratios))),
    at,
  )
}

/**
 * Copies channels side by side along every axis whose group is expanded: `[h]` → `[h, …, h]`.
 *
 * @param axes labels of the tensor's axes at the student's size
 */
export function tileChannels(x: tf.Tensor, axes: readonly Axis[], ratios: GroupRatios): tf.Tensor {
  const copies = axes.map((axis) => (isPlainAxis(axis) ? segmentRatio(axis.segments[0]!, ratios) : 1))
  const tiled = copies.every((copy) => copy === 1) ? x : tf.tile(x, copies)
  return axes.reduce((result, axis, at) => (isPlainAxis(axis) ? result : tileSegments(result, at, axis, ratios)), tiled)
}
