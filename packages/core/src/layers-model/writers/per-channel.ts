import * as tf from '@tensorflow/tfjs'
import { unwritable, type LayerWriter, type WrittenNode } from '../writer.ts'

/** A factor (and a summand) for each channel of a map: Keras has it as a depthwise convolution of one pixel. */
function perChannel(
  written: WrittenNode,
  name: string,
  weights: readonly tf.Tensor[],
  trainable: boolean,
): tf.SymbolicTensor {
  if (written.inputShape.length !== 3) {
    return unwritable(
      written.node,
      `acts on [${written.inputShape.join(', ')}], for which Keras has no layer.`,
      'Export it with toOnnx.',
    )
  }
  const layer = tf.layers.depthwiseConv2d({ name, kernelSize: 1, useBias: weights.length > 1, trainable })
  return written.apply(layer, undefined, weights)
}

export const scale: LayerWriter = (written) =>
  perChannel(written, written.node.id, [tf.reshape(written.tensor('gamma'), [1, 1, -1, 1])], true)

/** `x · clip(x / 6 + 1 / 2, 0, 1)` */
export const hardSwish: LayerWriter = (written) => {
  const channels = written.inputShape.at(-1)!
  const [factor, summand] = [tf.fill([1, 1, channels, 1], 1 / 6), tf.fill([channels], 0.5)]
  const line = perChannel(written, written.name('line'), [factor, summand], false)
  const gate = written.apply(tf.layers.reLU({ name: written.name('gate'), maxValue: 1 }), line)
  return written.apply(tf.layers.multiply({ name: written.node.id }), [written.inputs[0]!, gate])
}
