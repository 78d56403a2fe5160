import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { channelAxis, fixedAxis, inputAxis, outputAxis } from '../axes/axes.ts'
import type { Initializer } from '../axes/parameters.ts'
import { expectRank } from './expect-rank.ts'
import * as kinds from '../options/kinds.ts'
import { needed } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Which of the two products below. */
  form: needed(kinds.oneOf('inner', 'outer')),
}

const normal = (fan: number): Initializer => ({ kind: 'normal', deviation: Math.sqrt(1 / fan) })

/** 1 where field `f ≤ s`, `[f, s]`: each product of fields is counted once. */
const upTo = (fields: number): tf.Tensor2D =>
  tf.tensor2d(
    new Float32Array(fields ** 2).map((_, i) => (Math.floor(i / fields) <= i % fields ? 1 : 0)),
    [fields, fields],
  )

/** `Σ_f h_f ⊙ P_{f,s}`: for each channel a product of matrices, `[batch, f] · [f, s]`. */
function innerSum(h: tf.Tensor, p: tf.Tensor): tf.Tensor {
  const counted = tf.mul(p, tf.expandDims(upTo(p.shape[0]!), 2))
  const sums = tf.matMul(tf.transpose(h, [2, 0, 1]), tf.transpose(counted, [2, 0, 1]))
  return tf.transpose(sums, [1, 2, 0])
}

/** `Σ_f ⟨h_f, P_{f,s}⟩ Q_{f,s}`: for each `f` the products with all `P_{f,s}`, for each `s` the sum of its `Q_{f,s}`. */
function outerSum(h: tf.Tensor, p: tf.Tensor, q: tf.Tensor): tf.Tensor {
  const products = tf.matMul(tf.transpose(h, [1, 0, 2]), p, false, true)
  const counted = tf.mul(products, tf.expandDims(upTo(p.shape[0]!), 1))
  const sums = tf.matMul(tf.transpose(counted, [2, 1, 0]), tf.transpose(q, [1, 0, 2]))
  return tf.transpose(sums, [1, 0, 2])
}

/**
 * Products of one order more of the fields of a table. Reads the products so far, `h`, and the fields themselves, `h⁰`, each
 * `[fields, channels]`, and makes as many:
 *
 * - `inner`: `y_s = h⁰_s ⊙ Σ_{f≤s} h_f ⊙ P_{f,s}`
 * - `outer`: `y_s = h⁰_s ⊙ Σ_{f≤s} ⟨h_f, P_{f,s}⟩ Q_{f,s}`
 *
 * @see Tian et al., "Directed Acyclic Graph Factorization Machines for CTR Prediction via Knowledge Distillation", 2023,
 *   section 3.2
 */
export const fieldProducts = defineOp({
  name: 'fieldProducts',
  arity: [2, 2],
  attributes: ATTRIBUTES,
  infer(context) {
    const { node, attributes, inputs, groups } = context
    const [h, first] = inputs as [(typeof inputs)[number], (typeof inputs)[number]]
    const [fields, width] = expectRank(context, 2, 'fields [fields, channels]') as [number, number]
    if (first.shape.join() !== h.shape.join()) {
      const found = `[${h.shape.join(', ')}] and [${first.shape.join(', ')}]`
      throw new GpdError('network.shape', `Node '${node}': expected fields of one shape, got ${found}.`)
    }
    const pairs = [fixedAxis(fields), fixedAxis(fields)]
    const products = ((fields * (fields + 1)) / 2) * width
    if (attributes.form === 'inner') {
      const channels = groups.join([first.channels, h.channels])
      const p = { name: 'p', axes: [...pairs, channelAxis(channels)], initializer: normal(fields), decay: true }
      return { shape: h.shape, channels, parameters: [p], multiplyAdds: products }
    }
    const [read, made] = [inputAxis(groups.tieAll(h.channels)), outputAxis(groups.tieAll(first.channels))]
    return {
      shape: h.shape,
      channels: first.channels,
      parameters: [
        { name: 'p', axes: [...pairs, read], initializer: normal(width), decay: true },
        { name: 'q', axes: [...pairs, made], initializer: normal(fields), decay: true },
      ],
      multiplyAdds: 2 * products,
    }
  },
  apply({ attributes: { form }, inputs, parameters: { p, q } }) {
    const [h, first] = inputs as [tf.Tensor, tf.Tensor]
    return tf.mul(first, form === 'inner' ? innerSum(h, p!) : outerSum(h, p!, q!))
  },
})
