import * as tf from '@tensorflow/tfjs'
import { adaptiveMeans, tfSize, type Window } from '@gpdjs/core'
import { unwritable, type LayerWriter, type WrittenNode } from '../writer.ts'
import { kerasPadding, padded } from './window.ts'

/** `[a, b, c]` → `[b, c, a]` */
const TURN = [2, 3, 1]

const SAME = "Use padding 'same' or 'valid'."

/**
 * The image with its outermost rows and columns repeated around it: for a maximum that is the same as no padding,
 * as every window that reaches outside reads the border too.
 */
function repeatBorder({ inputs, inputShape, name, apply }: WrittenNode, padding: number): tf.SymbolicTensor {
  return [0, 1].reduce((x, axis) => {
    const size = inputShape[axis]!
    const border = (side: 'first' | 'last') => {
      const cut: [number, number] = side === 'first' ? [0, size - 1] : [size - 1, 0]
      const all: [number, number] = [0, 0]
      const cropping: [[number, number], [number, number]] = axis === 0 ? [cut, all] : [all, cut]
      const edge = apply(tf.layers.cropping2D({ name: name(`border/${axis}/${side}`), cropping }), x)
      return Array.from({ length: padding }, () => edge)
    }
    const parts = [...border('first'), x, ...border('last')]
    return apply(tf.layers.concatenate({ name: name(`border/${axis}`), axis: axis + 1 }), parts)
  }, inputs[0]!)
}

function poolWindow({ node }: WrittenNode) {
  const { kernelSize, strides } = node.attributes as unknown as Window
  return { poolSize: tfSize(kernelSize), strides: tfSize(strides) }
}

/**
 * Keras leaves padding out of a maximum (`same`) or does not pad. Padding with zeros gives the same maximum only where no
 * input is negative.
 */
export const maxPooling: LayerWriter = (written) => {
  const { poolSize, strides } = poolWindow(written)
  const border = kerasPadding(written)
  const repeats = typeof border === 'number' && !written.nonNegative
  if (repeats && border >= Math.min(...[poolSize].flat()))
    return unwritable(written.node, 'has windows outside the image, for which Keras has no layer.', 'Pad less.')
  const { input, padding } = repeats
    ? { input: repeatBorder(written, border), padding: 'valid' as const }
    : padded(written)
  return written.apply(tf.layers.maxPooling2d({ name: written.node.id, poolSize, strides, padding }), input)
}

export const averagePooling: LayerWriter = (written) => {
  const { poolSize, strides } = poolWindow(written)
  const padding = kerasPadding(written)
  if (typeof padding === 'number')
    return unwritable(
      written.node,
      `pads ${padding} on every side without counting it, for which Keras has no layer.`,
      SAME,
    )
  return written.apply(tf.layers.averagePooling2d({ name: written.node.id, poolSize, strides, padding }))
}

export const globalAveragePooling: LayerWriter = (written) =>
  written.apply(tf.layers.globalAveragePooling2d({ name: written.node.id, dataFormat: 'channelsLast' }))

export const globalMaxPooling: LayerWriter = (written) =>
  written.apply(tf.layers.globalMaxPooling2d({ name: written.node.id, dataFormat: 'channelsLast' }))

/** Whole copies of each row and column; other sizes have no layer of Keras. */
export const nearestResizing: LayerWriter = (written) => {
  const { inputShape, outputShape } = written
  const size: [number, number] = [outputShape[0]! / inputShape[0]!, outputShape[1]! / inputShape[1]!]
  return size.every(Number.isInteger)
    ? written.apply(tf.layers.upSampling2d({ name: written.node.id, size }))
    : unwritable(written.node, `makes [${outputShape.join(', ')}] of [${inputShape.join(', ')}], which is no multiple.`)
}

export const meanOverTokens: LayerWriter = (written) =>
  written.inputs.length > 1
    ? unwritable(written.node, 'is masked.')
    : written.apply(tf.layers.globalAveragePooling1d({ name: written.node.id }))

export const zeroPadding: LayerWriter = (written) => {
  const { rows, columns } = written.node.attributes as { rows: [number, number]; columns: [number, number] }
  return written.apply(tf.layers.zeroPadding2d({ name: written.node.id, padding: [[...rows], [...columns]] }))
}

/** The means of rows and of columns as dense layers over these axes; Keras applies dense layers to the last axis only. */
export const adaptiveAveragePooling: LayerWriter = ({ node, inputs, inputShape, outputShape, name, apply }) =>
  [0, 1].reduce((x, axis) => {
    const [size, positions] = [inputShape[axis]!, outputShape[axis]!]
    const turned = apply(tf.layers.permute({ name: axis === 0 ? name('rows') : name('columns'), dims: TURN }), x)
    const part = axis === 0 ? 'rows/means' : 'columns/means'
    const means = tf.layers.dense({ name: name(part), units: positions, useBias: false, trainable: false })
    const pooled = apply(means, turned, [tf.transpose(tf.tensor2d(adaptiveMeans(size, positions)))])
    return axis === 0 ? pooled : apply(tf.layers.permute({ name: node.id, dims: TURN }), pooled)
  }, inputs[0]!)
