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

interface WiredLayer {
  inbound_nodes?: readonly (readonly (readonly [name: string, node: number, tensor: number, kwargs: object])[])[]
}

/** A topology with calls as Keras 3 writes them. */
export function asKeras3(json: string): string {
  const { files: _, sha256: __, ...model } = JSON.parse(json) as Record<string, unknown>
  const { config } = model['modelTopology'] as { config: { layers: WiredLayer[] } }
  const argument = ([name, node, tensor]: readonly [string, number, number, object]) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 6, 6, 1], dtype: 'float32', keras_history: [name, node, tensor] },
  })
  const layers = config.layers.map((layer) => ({
    ...layer,
    inbound_nodes: (layer.inbound_nodes ?? []).map((call) => ({ args: [call.map(argument)], kwargs: {} })),
  }))
  return JSON.stringify({
    ...model,
    modelTopology: { ...(model['modelTopology'] as object), keras_version: '3.4.1', config: { ...config, layers } },
  })
}
