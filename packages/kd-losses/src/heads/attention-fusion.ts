import * as tf from '@tensorflow/tfjs'
import { headSpec, normalizeBatch, normSpecs, pointwise } from './heads.ts'
import { zeros, type Initializer, type ParameterSpec } from '@gpdjs/core'
import { resizeNearest } from '../support/resample.ts'

/** Trained tensors of one attention based fusion, kernels HWIO. */
export interface AttentionFusionHeads {
  /** 1 × 1 convolution to the common width, `[1, 1, student, common]`, and its batch normalization. */
  readonly reduce: { readonly kernel: tf.Tensor; readonly weight: tf.Tensor; readonly bias: tf.Tensor }
  /** 3 × 3 convolution to the teacher's width, `[3, 3, common, teacher]`, and its batch normalization. */
  readonly expand: { readonly kernel: tf.Tensor; readonly weight: tf.Tensor; readonly bias: tf.Tensor }
  /** 1 × 1 convolution that rates both inputs, `[1, 1, 2 · common, 2]`, and its bias; absent at the deepest level. */
  readonly attention?: { readonly kernel: tf.Tensor; readonly bias: tf.Tensor }
}

export interface FusedLevel {
  /** In the shape of the teacher's map. */
  readonly output: tf.Tensor4D
  /** What the next shallower level takes, `[batch, height, width, common]`: the map before `expand`. */
  readonly residual: tf.Tensor4D
}

/** `a₁ x + a₂ u` with two weights per position, `[a₁, a₂] = σ(conv([x; u]))`. */
function blend(x: tf.Tensor4D, u: tf.Tensor4D, { kernel, bias }: NonNullable<AttentionFusionHeads['attention']>) {
  const rates = tf.sigmoid(tf.add(pointwise(tf.concat([x, u], 3), kernel), bias)) as tf.Tensor4D
  const [a, b] = tf.split(rates, 2, 3) as [tf.Tensor4D, tf.Tensor4D]
  return tf.add(tf.mul(x, a), tf.mul(u, b)) as tf.Tensor4D
}

/**
 * Attention based fusion of one level of the student with everything deeper.
 *
 * @param map the student's, `[batch, height, width, channels]`
 * @param deeper the residual of the next deeper level, of any size; absent at the deepest level
 * @param size height and width of the teacher's map
 * @param heads trained with the student
 * @see Chen et al., "Distilling Knowledge via Knowledge Review", CVPR 2021, section 3.2
 */
export function attentionFusion(
  map: tf.Tensor4D,
  deeper: tf.Tensor4D | undefined,
  size: readonly [height: number, width: number],
  { reduce, expand, attention }: AttentionFusionHeads,
): FusedLevel {
  return tf.tidy(() => {
    const x = normalizeBatch(pointwise(map, reduce.kernel), reduce.weight, reduce.bias)
    const u = deeper && resizeNearest(deeper, [map.shape[1], map.shape[2]])
    const residual = resizeNearest(u && attention ? blend(x, u, attention) : x, size)
    const convolved = tf.conv2d(residual, expand.kernel as tf.Tensor4D, 1, 'same')
    return { output: normalizeBatch(convolved, expand.weight, expand.bias), residual }
  })
}

/** Uniform in ±√(3 / fan). */
const uniform = (fan: number): Initializer => ({ kind: 'uniform', limit: Math.sqrt(3 / fan) })

/** Names and shapes of what `attentionFusion` trains; the deepest level rates nothing. */
export function attentionFusionSpecs(
  name: string,
  width: { readonly student: number; readonly common: number; readonly teacher: number },
  isDeepest: boolean,
): ParameterSpec[] {
  const { student, common, teacher } = width
  const attention = [
    headSpec(`${name}.attention.kernel`, [1, 1, 2 * common, 2], uniform(2 * common)),
    headSpec(`${name}.attention.bias`, [2], zeros, false),
  ]
  return [
    headSpec(`${name}.reduce.kernel`, [1, 1, student, common], uniform(student)),
    ...normSpecs(`${name}.reduce`, common),
    headSpec(`${name}.expand.kernel`, [3, 3, common, teacher], uniform(9 * common)),
    ...normSpecs(`${name}.expand`, teacher),
    ...(isDeepest ? [] : attention),
  ]
}
