import * as tf from '@tensorflow/tfjs'
import { adaptiveMeans } from '../../ops/adaptive-average-pool.ts'
import type { Window } from '../../ops/window.ts'
import { unwritable, type LayerWriter } from '../writer.ts'
import { kerasPadding, padded } from './window.ts'

/** `[a, b, c]` → `[b, c, a]` */
const TURN = [2, 3, 1]

const SAME = "Use padding 'same' or 'valid'."

/** Keras pads a maximum with nothing (`same`) or not at all; zeros are as good only below which no number lies. */
export const maxPooling: LayerWriter = (written) => {
  const { kernelSize, strides } = written.node.attributes as unknown as Window
  if (typeof kerasPadding(written) === 'number' && !written.nonNegative) {
    return unwritable(
      written.node,
      'pads numbers that may be negative, for which Keras has no layer.',
      `${SAME} Or pool after relu.`,
    )
  }
  const { input, padding } = padded(written)
  return written.apply(tf.layers.maxPooling2d({ name: written.node.id, poolSize: kernelSize, strides, padding }), input)
}

export const averagePooling: LayerWriter = (written) => {
  const { kernelSize, strides } = written.node.attributes as unknown as Window
  const padding = kerasPadding(written)
  if (typeof padding === 'number')
    return unwritable(
      written.node,
      `pads ${padding} on every side without counting it, for which Keras has no layer.`,
      SAME,
    )
  return written.apply(tf.layers.averagePooling2d({ name: written.node.id, poolSize: kernelSize, strides, padding }))
}

export const globalAveragePooling: LayerWriter = (written) =>
  written.apply(tf.layers.globalAveragePooling2d({ name: written.node.id, dataFormat: 'channelsLast' }))

export const meanOverTokens: LayerWriter = (written) =>
  written.apply(tf.layers.globalAveragePooling1d({ name: written.node.id }))

export const zeroPadding: LayerWriter = (written) => {
  const { rows, columns } = written.node.attributes as { rows: [number, number]; columns: [number, number] }
  return written.apply(tf.layers.zeroPadding2d({ name: written.node.id, padding: [[...rows], [...columns]] }))
}

/** The means of rows and of columns as dense layers over these axes, of which Keras knows only the last. */
export const adaptiveAveragePooling: LayerWriter = ({ node, inputs, inputShape, outputShape, name, apply }) =>
  [0, 1].reduce((x, axis) => {
    const [size, positions] = [inputShape[axis]!, outputShape[axis]!]
    const turned = apply(tf.layers.permute({ name: axis === 0 ? name('rows') : name('columns'), dims: TURN }), x)
    const part = axis === 0 ? 'row means' : 'column means'
    const means = tf.layers.dense({ name: name(part), units: positions, useBias: false, trainable: false })
    const pooled = apply(means, turned, [tf.transpose(tf.tensor2d(adaptiveMeans(size, positions)))])
    return axis === 0 ? pooled : apply(tf.layers.permute({ name: node.id, dims: TURN }), pooled)
  }, inputs[0]!)
