import * as tf from '@tensorflow/tfjs'

/** The model to be trained, as one would write it without this project. It could as well come from `tf.loadLayersModel`. */
export function createModel(): tf.LayersModel {
  return tf.sequential({
    name: 'own-model',
    layers: [
      tf.layers.conv2d({
        inputShape: [28, 28, 1],
        filters: 8,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        useBias: false,
      }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.separableConv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  })
}
