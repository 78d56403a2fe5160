import * as tf from '@tensorflow/tfjs'
import { heNormal, type ParameterSpec, type Shape, type TensorRecord } from '@gpdjs/core'
import { headOf, headSpec, linearSpecs, normalizeBatch, normSpecs, pointwise, type HeadOf } from './heads.ts'
import { pooledTokens, tokenSpecs } from './token-head.ts'

/** What stands between an intermediate result and the linear map to logits. */
interface Trunk {
  /** Its parameters, and the width of the vector that comes out. */
  readonly specs: (
    where: string,
    name: string,
    shape: Shape,
    steps: number,
  ) => { parameters: ParameterSpec[]; width: number }
  /** `[batch, width]` */
  readonly apply: (where: string, x: tf.Tensor, steps: number, head: HeadOf) => tf.Tensor2D
}

/** One separable convolution: halves height and width, doubles the channels. */
function downSpecs(name: string, channels: number): ParameterSpec[] {
  return [
    headSpec(`${name}.depthwise`, [3, 3, channels, 1], heNormal(9)),
    headSpec(`${name}.pointwise`, [1, 1, channels, 2 * channels], heNormal(channels)),
    ...normSpecs(name, 2 * channels),
  ]
}

function down(map: tf.Tensor4D, name: string, head: HeadOf): tf.Tensor4D {
  const filtered = tf.depthwiseConv2d(map, head(`${name}.depthwise`) as tf.Tensor4D, 2, 'same')
  const mixed = pointwise(filtered, head(`${name}.pointwise`))
  return tf.relu(normalizeBatch(mixed, head(`${name}.weight`), head(`${name}.bias`)))
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Separable convolutions of stride 2, then the mean over the positions. */
const map: Trunk = {
  specs: (_, name, shape, steps) => ({
    parameters: range(steps).flatMap((i) => downSpecs(`${name}.down${i}`, shape.at(-1)! * 2 ** i)),
    width: shape.at(-1)! * 2 ** steps,
  }),
  apply: (_, x, steps, head) =>
    tf.mean(
      range(steps).reduce((y, i) => down(y, `down${i}`, head), x as tf.Tensor4D),
      [1, 2],
    ),
}

/** Merged patches, and at least one block. */
const tokens: Trunk = {
  specs(where, name, [count, width], steps) {
    return { parameters: tokenSpecs(where, name, count!, width!, Math.max(steps, 1)), width: width! }
  },
  apply: (where, x, steps, head) => pooledTokens(where, x as tf.Tensor3D, Math.max(steps, 1), head),
}

const vector: Trunk = {
  specs: (_, __, [width]) => ({ parameters: [], width: width! }),
  apply: (_, x) => x as tf.Tensor2D,
}

/** By the number of axes without the batch. */
const TRUNKS: Readonly<Record<number, Trunk>> = { 1: vector, 2: tokens, 3: map }

/**
 * Parameters of a head that makes logits of an intermediate result.
 *
 * @param shape of the intermediate result without the batch axis: a map, tokens or a vector
 * @param steps how many stages are deeper: separable convolutions of a map, blocks of tokens
 * @throws GpdError `network.shape` for tokens that are no square of patches
 */
export function exitHeadSpecs(where: string, name: string, shape: Shape, steps: number, classes: number) {
  const { parameters, width } = TRUNKS[shape.length]!.specs(where, name, shape, steps)
  return [...parameters, ...linearSpecs(name, width, classes)]
}

/** Logits of an intermediate result, `[batch, classes]`. */
export function exitLogits(
  where: string,
  heads: TensorRecord | undefined,
  name: string,
  x: tf.Tensor,
  steps: number,
): tf.Tensor2D {
  const head: HeadOf = (part) => headOf(where, heads, `${name}.${part}`)
  const deep = TRUNKS[x.rank - 1]!.apply(where, x, steps, head)
  return tf.add(tf.matMul(deep, head('weight') as tf.Tensor2D), head('bias'))
}
