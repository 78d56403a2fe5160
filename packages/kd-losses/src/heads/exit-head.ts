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

/** A separable convolution that halves height and width, and one that doubles the channels. */
const HALVES = [
  { strides: 2, widen: 1 },
  { strides: 1, widen: 2 },
] as const

function downSpecs(name: string, channels: number): ParameterSpec[] {
  return HALVES.flatMap(({ widen }, i) => {
    const [half, width] = [`${name}.${i}`, widen * channels]
    return [
      headSpec(`${half}.depthwise`, [3, 3, channels, 1], heNormal(9)),
      headSpec(`${half}.pointwise`, [1, 1, channels, width], heNormal(width)),
      ...normSpecs(half, width),
    ]
  })
}

function down(map: tf.Tensor4D, name: string, head: HeadOf): tf.Tensor4D {
  return HALVES.reduce((x, { strides }, i) => {
    const kernel = head(`${name}.${i}.depthwise`) as tf.Tensor4D
    // One row and one column of zeros on every side, also where the size is even.
    const filtered = tf.depthwiseConv2d(x, kernel, strides, 1, 'NHWC', [1, 1], 'floor')
    const mixed = pointwise(filtered, head(`${name}.${i}.pointwise`))
    return tf.relu(normalizeBatch(mixed, head(`${name}.${i}.weight`), head(`${name}.${i}.bias`)))
  }, map)
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Pairs of separable convolutions, then the mean over the positions. */
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
