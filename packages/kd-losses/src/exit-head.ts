import * as tf from '@tensorflow/tfjs'
import { fanInUniform, heNormal, zeros, type ParameterSpec, type Shape, type TensorRecord } from '@gpdjs/core'
import { headOf, headSpec, normalizeBatch, normSpecs, pointwise } from './heads.ts'

const isMap = (rank: number) => rank === 3

/** One separable convolution: halves height and width, doubles the channels. */
function downSpecs(name: string, channels: number): ParameterSpec[] {
  return [
    headSpec(`${name}.depthwise`, [3, 3, channels, 1], heNormal(9)),
    headSpec(`${name}.pointwise`, [1, 1, channels, 2 * channels], heNormal(channels)),
    ...normSpecs(name, 2 * channels),
  ]
}

/**
 * Parameters of a head that makes logits of an intermediate result.
 *
 * @param shape of the intermediate result without the batch axis; maps `[height, width, channels]` get the convolutions
 * @param steps separable convolutions
 */
export function exitHeadSpecs(name: string, shape: Shape, steps: number, classes: number): ParameterSpec[] {
  const downs = isMap(shape.length) ? steps : 0
  const channels = shape.at(-1)!
  const width = channels * 2 ** downs
  return [
    ...Array.from({ length: downs }, (_, i) => downSpecs(`${name}.down${i}`, channels * 2 ** i)).flat(),
    headSpec(`${name}.weight`, [width, classes], fanInUniform(width)),
    headSpec(`${name}.bias`, [classes], zeros, false),
  ]
}

/** Convolutions of stride 2, the mean over everything between the batch and the channels, and a linear map. */
export function exitLogits(
  where: string,
  heads: TensorRecord | undefined,
  name: string,
  x: tf.Tensor,
  steps: number,
): tf.Tensor2D {
  const head = (part: string) => headOf(where, heads, `${name}.${part}`)
  const down = (map: tf.Tensor4D, i: number): tf.Tensor4D => {
    const filtered = tf.depthwiseConv2d(map, head(`down${i}.depthwise`) as tf.Tensor4D, 2, 'same')
    const mixed = pointwise(filtered, head(`down${i}.pointwise`))
    return tf.relu(normalizeBatch(mixed, head(`down${i}.weight`), head(`down${i}.bias`)))
  }
  const count = isMap(x.rank - 1) ? steps : 0
  const deep = Array.from({ length: count }).reduce<tf.Tensor>((map, _, i) => down(map as tf.Tensor4D, i), x)
  const [batch, channels] = [deep.shape[0]!, deep.shape.at(-1)!]
  const pooled = tf.mean(tf.reshape(deep, [batch, -1, channels]), 1) as tf.Tensor2D
  return tf.add(tf.matMul(pooled, head('weight') as tf.Tensor2D), head('bias'))
}
