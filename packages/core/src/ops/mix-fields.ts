import * as tf from '@tensorflow/tfjs'
import { fixedAxis } from '../axes/axes.ts'
import { identity } from '../axes/parameters.ts'
import { expectRank } from './expect-rank.ts'
import { defineOp } from './op.ts'

/**
 * Each field as a mixture of all of them: `y_s = Σ_f C_{s,f} x_f`, `[fields, channels]` → the same. `C` starts as the
 * identity. Channels are not mixed, so expansion passes through.
 *
 * @see Tian et al., "Directed Acyclic Graph Factorization Machines for CTR Prediction via Knowledge Distillation", 2023
 */
export const mixFields = defineOp({
  name: 'mixFields',
  infer(context) {
    const [fields, width] = expectRank(context, 2, 'fields [fields, channels]') as [number, number]
    const axes = [fixedAxis(fields), fixedAxis(fields)]
    return {
      shape: [fields, width],
      channels: context.inputs[0]!.channels,
      parameters: [{ name: 'weight', axes, initializer: identity, decay: true }],
      multiplyAdds: fields * fields * width,
    }
  },
  apply({ inputs, parameters }) {
    const [batch, fields, width] = inputs[0]!.shape as [number, number, number]
    const rows = tf.reshape<tf.Rank.R2>(tf.transpose(inputs[0]!, [0, 2, 1]), [-1, fields])
    const mixed = tf.matMul(rows, parameters['weight'] as tf.Tensor2D, false, true)
    return tf.transpose(tf.reshape(mixed, [batch, width, fields]), [0, 2, 1])
  },
})
