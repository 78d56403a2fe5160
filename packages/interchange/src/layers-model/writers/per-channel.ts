import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import type { LayerWriter, WrittenNode } from '../writer.ts'

/** What is done to each entry of the last axis; `add` is 0 if absent. */
interface Line {
  readonly factor: tf.Tensor
  readonly add?: tf.Tensor
  readonly trainable: boolean
}

/**
 * `factor · x + add` for each entry of the last axis, which Keras has as a depthwise convolution of one pixel. What is no
 * map is seen as one.
 */
function perEntry({ apply, name }: WrittenNode, x: tf.SymbolicTensor, id: string, line: Line): tf.SymbolicTensor {
  const shape = x.shape.slice(1) as number[]
  const isMap = shape.length === 3
  const size = shape.at(-1)!
  const rows = sizeOf(shape.slice(0, -1))
  const { factor, add, trainable } = line
  const layer = tf.layers.depthwiseConv2d({
    name: isMap ? id : name('line'),
    kernelSize: 1,
    useBias: add !== undefined,
    trainable,
  })
  const weights = [tf.reshape(factor, [1, 1, size, 1]), ...(add === undefined ? [] : [tf.reshape(add, [size])])]
  if (isMap) return apply(layer, x, weights)
  const map = apply(tf.layers.reshape({ name: name('line/map'), targetShape: [rows, 1, size] }), x)
  return apply(tf.layers.reshape({ name: id, targetShape: shape }), apply(layer, map, weights))
}

export const scale: LayerWriter = (written) =>
  perEntry(written, written.inputs[0]!, written.node.id, { factor: written.tensor('gamma'), trainable: true })

/** Adds a number of its own to every entry of every position: `[...outputShape]`, in whatever shape `x` holds them. */
export function plusEach(written: WrittenNode, x: tf.SymbolicTensor, add: tf.Tensor): tf.SymbolicTensor {
  const { apply, name, node, outputShape } = written
  const flat = apply(tf.layers.reshape({ name: name('flat'), targetShape: [1, 1, add.size] }), x)
  const sum = perEntry(written, flat, name('sum'), { factor: tf.ones([add.size]), add, trainable: true })
  return apply(tf.layers.reshape({ name: node.id, targetShape: [...outputShape] }), sum)
}

/** `x · clip(x / 6 + 1 / 2, 0, 1)` */
export const hardSwish: LayerWriter = (written) => {
  const size = written.inputShape.at(-1)!
  const line = { factor: tf.fill([size], 1 / 6), add: tf.fill([size], 0.5), trainable: false }
  const gate = tf.layers.reLU({ name: written.name('gate'), maxValue: 1 })
  const open = written.apply(gate, perEntry(written, written.inputs[0]!, written.name('half'), line))
  return written.apply(tf.layers.multiply({ name: written.node.id }), [written.inputs[0]!, open])
}

/** Keras keeps an axis of size 1 for each axis of positions that shares its slopes. */
export const parametricRectifier: LayerWriter = (written) => {
  const slopes = written.tensor('weight')
  const positions = written.inputShape.slice(0, -1)
  const shared = slopes.rank === 1 ? positions.map((_, axis) => axis + 1) : []
  const weight = shared.length > 0 ? tf.reshape(slopes, [...positions.map(() => 1), slopes.size]) : slopes
  const layer = tf.layers.prelu({ name: written.node.id, ...(shared.length > 0 && { sharedAxes: shared }) })
  return written.apply(layer, undefined, [weight])
}
