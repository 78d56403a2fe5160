import * as tf from '@tensorflow/tfjs'
import { batchNorm, layerNorm, normalize, rescale } from '@gpdjs/core'
import type { ConvertedLayer, LayerConverter } from '../layer.ts'
import { LEAST_DEVIATION } from '../normalization-layer.ts'

function expectLastAxis(layer: ConvertedLayer): void {
  const axes = [layer.read('axis') ?? -1].flat() as number[]
  // Keras counts the batch as axis 0.
  const last = layer.inputShape.length
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== last)) {
    layer.refuse(`normalizes axis [${axes.join(', ')}].`, 'Only the last axis (-1, the channels) is supported.')
  }
}

/** Scale and shift; those the layer was built without are 1 and 0. The rest of its weights comes back as it is. */
function affine(layer: ConvertedLayer) {
  const [scale, center] = [layer.read('scale') !== false, layer.read('center') !== false]
  const channels = layer.inputShape.at(-1)!
  const rest = [...layer.weights]
  const weight = scale ? rest.shift()! : tf.ones([channels])
  const bias = center ? rest.shift()! : tf.zeros([channels])
  // A frozen scale of ones is none at all.
  if (!layer.frozen && (!scale || !center)) {
    layer.note(
      `'${layer.name}' had no learned ${scale ? 'shift' : center ? 'scale' : 'scale and shift'}; training will learn one.`,
    )
  }
  return { parameters: { weight, bias }, rest }
}

/** Keras' `momentum` is the share that is kept, as ours. */
export const batchNormalization: LayerConverter = (layer) => {
  expectLastAxis(layer)
  const { parameters, rest } = affine(layer)
  const [mean, variance] = rest as [tf.Tensor, tf.Tensor]
  const op = batchNorm({ epsilon: layer.read('epsilon') as number, momentum: layer.read('momentum') as number })
  return layer.place(op, layer.inputs, { parameters, statistics: { running_mean: mean, running_var: variance } })
}

export const layerNormalization: LayerConverter = (layer) => {
  expectLastAxis(layer)
  return layer.place(layerNorm({ epsilon: layer.read('epsilon') as number }), layer.inputs, {
    parameters: affine(layer).parameters,
  })
}

/** A number of Keras' Rescaling stands for every channel. */
function perChannel(layer: ConvertedLayer, key: 'scale' | 'offset'): number[] {
  const given = layer.read(key)
  const channels = layer.inputShape.at(-1)!
  const values: unknown[] = Array.isArray(given) ? given : Array.from({ length: channels }, () => given)
  const numbers = values.filter((value): value is number => typeof value === 'number')
  if (values.length === channels && numbers.length === channels) return numbers
  return layer.refuse(`has ${key} ${JSON.stringify(given)}.`, `Use a number, or ${channels}: one for each channel.`)
}

export const rescaling: LayerConverter = (layer) =>
  layer.place(rescale({ factor: perChannel(layer, 'scale'), shift: perChannel(layer, 'offset') }), layer.inputs)

/** One number of a constant for each channel. */
function constants(layer: ConvertedLayer, key: 'mean' | 'variance', given: unknown): number[] {
  const values = [given].flat(Infinity).map(Number)
  const channels = layer.inputShape.at(-1)!
  if (values.length === 1) return Array.from({ length: channels }, () => values[0]!)
  if (values.length === channels) return values
  return layer.refuse(`has ${values.length} numbers as ${key}.`, `Use one, or ${channels}: one for each channel.`)
}

/** `(x − mean) / deviation` with constants, or with moments that were adapted to data: a batch norm that never moves. */
export const keptNormalization: LayerConverter = (layer) => {
  expectLastAxis(layer)
  const inverted = layer.read('invert') === true
  const given = { mean: layer.read('mean'), variance: layer.read('variance') }
  if ((given.mean ?? null) !== null) {
    const [mean, variance] = [constants(layer, 'mean', given.mean), constants(layer, 'variance', given.variance)]
    const deviation = variance.map((value) => Math.max(Math.sqrt(value), LEAST_DEVIATION))
    const op = inverted ? rescale({ factor: deviation, shift: mean }) : normalize({ mean, deviation })
    return layer.place(op, layer.inputs)
  }
  const [mean, squares] = layer.weights as [tf.Tensor, tf.Tensor]
  const variance = tf.maximum(squares, LEAST_DEVIATION ** 2)
  const [one, zero] = [tf.onesLike(mean), tf.zerosLike(mean)]
  return layer.place(
    { ...batchNorm({ epsilon: 0 }), mode: 'evaluation' },
    layer.inputs,
    inverted
      ? { parameters: { weight: tf.sqrt(variance), bias: mean }, statistics: { running_mean: zero, running_var: one } }
      : { parameters: { weight: one, bias: zero }, statistics: { running_mean: mean, running_var: variance } },
  )
}
