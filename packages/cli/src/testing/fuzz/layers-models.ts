import * as tf from '@tensorflow/tfjs'

/** Two branches, batch normalization, an optimizer with a state that is compiled. */
function functional(): tf.LayersModel {
  const image = tf.input({ shape: [6, 6, 1], name: 'image' })
  const conv = tf.layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', name: 'conv' }).apply(image)
  const bn = tf.layers.batchNormalization({ name: 'bn' }).apply(conv)
  const other = tf.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', name: 'each' }).apply(conv)
  const sum = tf.layers.add({ name: 'sum' }).apply([bn, other] as tf.SymbolicTensor[])
  const relu = tf.layers.activation({ activation: 'relu', name: 'relu' }).apply(sum)
  const pool = tf.layers.globalAveragePooling2d({ name: 'pool' }).apply(relu)
  const logits = tf.layers.dense({ units: 3, activation: 'softmax', name: 'fc' }).apply(pool) as tf.SymbolicTensor
  const model = tf.model({ inputs: image, outputs: logits, name: 'two' })
  model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

function sequential(): tf.LayersModel {
  return tf.sequential({
    name: 'plain',
    layers: [
      tf.layers.conv2d({ filters: 2, kernelSize: 2, strides: 2, inputShape: [4, 4, 2], name: 'a' }),
      tf.layers.leakyReLU({ alpha: 0.1, name: 'b' }),
      tf.layers.flatten({ name: 'c' }),
      tf.layers.dropout({ rate: 0.5, name: 'd' }),
      tf.layers.dense({ units: 2, kernelRegularizer: 'l1l2', name: 'e' }),
    ],
  })
}

/** A model inside a model. */
function nested(): tf.LayersModel {
  const inner = sequential()
  const image = tf.input({ shape: [4, 4, 2], name: 'outer' })
  return tf.model({ inputs: image, outputs: inner.apply(image) as tf.SymbolicTensor, name: 'nest' })
}

export const layersModels: readonly (() => tf.LayersModel)[] = [functional, sequential, nested]
