import * as tf from '@tensorflow/tfjs'
import { defineOp } from './op.ts'

/**
 * `min(max(x, 0), 6)`
 *
 * @see Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018
 */
export const relu6 = defineOp({
  name: 'relu6',
  infer: ({ inputs }) => ({ shape: inputs[0]!.shape, channels: inputs[0]!.channels }),
  apply: ({ inputs }) => tf.relu6(inputs[0]!),
})
