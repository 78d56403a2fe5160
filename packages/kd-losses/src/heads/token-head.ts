import * as tf from '@tensorflow/tfjs'
import { fanInUniform, gelu, GpdError, layerNorm, selfAttention, type ParameterSpec } from '@gpdjs/core'
import { applyOp, headSpec, linear, linearSpecs, normSpecs, pointwise, type HeadOf } from './heads.ts'

/** Patches are merged while at least this many are left along each side. */
const LEAST_SIDE = 7
/** Hidden numbers of a block's perceptron, per channel. */
const EXPANSION = 4
const HEADS = 4
const EPSILON = 1e-5
/** A class token, and perhaps one for distillation. */
const MOST_EXTRA = 2

interface TokenLayout {
  /** Tokens that are no patches and stand before them. */
  readonly extra: number
  /** Patches along each side of the image. */
  readonly side: number
  /** How often the patches are merged 2 × 2. */
  readonly merges: number
}

const mergesOf = (side: number): number => (side % 2 === 0 && side / 2 >= LEAST_SIDE ? 1 + mergesOf(side / 2) : 0)

/** @throws GpdError `network.shape` unless the tokens are a square of patches and at most two more */
export function tokenLayout(where: string, tokens: number): TokenLayout {
  // No two squares are 1 or 2 apart but 0 and 1: there is at most one answer.
  const extra = Array.from({ length: MOST_EXTRA + 1 }, (_, n) => n).find((n) => Number.isInteger(Math.sqrt(tokens - n)))
  if (extra === undefined || extra === tokens) {
    const problem = `${where}: expected a square of patches and at most ${MOST_EXTRA} tokens before them, got ${tokens} tokens.`
    throw new GpdError('network.shape', problem, 'Name a tap of feature maps or of one vector per image.')
  }
  const side = Math.sqrt(tokens - extra)
  return { extra, side, merges: mergesOf(side) }
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))

function blockSpecs(name: string, width: number): ParameterSpec[] {
  return [
    ...normSpecs(`${name}.norm1`, width),
    ...linearSpecs(`${name}.qkv`, width, 3 * width),
    ...linearSpecs(`${name}.proj`, width, width),
    ...normSpecs(`${name}.norm2`, width),
    ...linearSpecs(`${name}.fc1`, width, EXPANSION * width),
    ...linearSpecs(`${name}.fc2`, EXPANSION * width, width),
  ]
}

/** Parameters of the layers between tokens `[tokens, width]` and the vector that is classified. */
export function tokenSpecs(where: string, name: string, tokens: number, width: number, blocks: number) {
  const { merges } = tokenLayout(where, tokens)
  const mergeSpecs = (i: number) => [
    ...normSpecs(`${name}.merge${i}`, 4 * width),
    headSpec(`${name}.merge${i}.kernel`, [4 * width, width], fanInUniform(4 * width)),
  ]
  return [...range(merges).flatMap(mergeSpecs), ...range(blocks).flatMap((i) => blockSpecs(`${name}.block${i}`, width))]
}

const normalize = (x: tf.Tensor, name: string, head: HeadOf): tf.Tensor3D =>
  applyOp(layerNorm, { epsilon: EPSILON }, x, {
    weight: head(`${name}.weight`),
    bias: head(`${name}.bias`),
  }) as tf.Tensor3D

/** Four neighbours become one token of the same width. */
function mergePatches(patches: tf.Tensor3D, side: number, name: string, head: HeadOf): tf.Tensor3D {
  const [batch, , width] = patches.shape
  const half = side / 2
  const squares = tf.transpose(tf.reshape(patches, [batch, half, 2, half, 2, width]), [0, 1, 3, 2, 4, 5])
  const joined = tf.reshape(squares, [batch, half * half, 4 * width])
  return pointwise(normalize(joined, name, head), head(`${name}.kernel`))
}

/** `x + attention(LN(x))`, then `x + MLP(LN(x))`. */
function block(x: tf.Tensor3D, name: string, head: HeadOf): tf.Tensor3D {
  const attributes = { heads: greatestCommonDivisor(HEADS, x.shape[2]), copies: 1 }
  const qkv = linear(normalize(x, `${name}.norm1`, head), `${name}.qkv`, head)
  const attended = tf.add(x, linear(applyOp(selfAttention, attributes, qkv), `${name}.proj`, head))
  const hidden = applyOp(gelu, {}, linear(normalize(attended, `${name}.norm2`, head), `${name}.fc1`, head))
  return tf.add(attended, linear(hidden, `${name}.fc2`, head))
}

/** Merged patches and blocks, then the first token where there is one beside the patches, else the mean of all: `[batch, width]`. */
export function pooledTokens(where: string, x: tf.Tensor3D, blocks: number, head: HeadOf): tf.Tensor2D {
  const [, tokens] = x.shape
  const { extra, side, merges } = tokenLayout(where, tokens)
  const [before, patches] = tf.split(x, [extra, tokens - extra], 1) as [tf.Tensor3D, tf.Tensor3D]
  const merged = range(merges).reduce((p, i) => {
    const fewer = mergePatches(p, side / 2 ** i, `merge${i}`, head)
    // As released: no activation after the last of several.
    return i > 0 && i === merges - 1 ? fewer : (applyOp(gelu, {}, fewer) as tf.Tensor3D)
  }, patches)
  const all = extra === 0 ? merged : tf.concat([before, merged], 1)
  const deep = range(blocks).reduce((y, i) => block(y, `block${i}`, head), all)
  return extra === 0 ? tf.mean(deep, 1) : (tf.squeeze(tf.slice(deep, [0, 0, 0], [-1, 1, -1]), [1]) as tf.Tensor2D)
}
