import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '@gpdjs/backends'
import { apply, randomStream, sizeOf, valueAndGradients, type TensorRecord } from '@gpdjs/core'
import { fromLayersModel } from './from-layers-model.ts'

const random = (shape: readonly number[], name: string): tf.Tensor => {
  const stream = randomStream(3, 'gradients', name)
  return tf.tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()),
    [...shape],
  )
}

const run = (layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]) => layer.apply(x) as tf.SymbolicTensor

/** A model whose every layer is of a kind that the others do not have. */
function everyKind(): tf.LayersModel {
  const image = tf.input({ shape: [8, 9, 3], name: 'pixels' })
  const narrow = tf.layers.conv2d({ name: 'narrow', filters: 6, kernelSize: [3, 1], strides: [1, 2], useBias: false })
  let x = run(narrow, run(tf.layers.rescaling({ scale: 0.5, offset: -0.2 }), image))
  x = run(tf.layers.prelu({ name: 'slopes', sharedAxes: [1, 2] }), run(tf.layers.batchNormalization({ name: 'bn' }), x))
  const squeezed = run(tf.layers.globalAveragePooling2d({}), x)
  const map = run(tf.layers.reshape({ targetShape: [1, 1, 6] }), squeezed)
  const few = run(tf.layers.conv2d({ name: 'few', filters: 2, kernelSize: 1, activation: 'relu' }), map)
  const rates = run(tf.layers.dense({ name: 'rates', units: 6, activation: 'sigmoid' }), few)
  x = run(tf.layers.multiply(), [x, rates])
  const score = run(tf.layers.conv2d({ name: 'score', filters: 1, kernelSize: 1, activation: 'sigmoid' }), x)
  x = run(tf.layers.multiply(), [score, x])
  const spatial = tf.layers.separableConv2d({ name: 'spatial', filters: 5, kernelSize: 3, padding: 'same' })
  x = run(tf.layers.upSampling2d({ size: [1, 2] }), run(tf.layers.maxPooling2d({ poolSize: [2, 1] }), run(spatial, x)))
  x = run(tf.layers.averagePooling2d({ poolSize: [2, 3], strides: [1, 2], padding: 'same' }), x)
  x = run(tf.layers.prelu({ name: 'each' }), x)
  x = run(tf.layers.layerNormalization({ name: 'ln' }), x)
  const largest = run(tf.layers.globalMaxPooling2d({}), x)
  x = run(tf.layers.add(), [x, largest])
  const outputs = run(tf.layers.dense({ name: 'fc', units: 4 }), run(tf.layers.flatten(), x))
  const model = tf.model({ inputs: image, outputs })
  for (const { weights } of model.layers)
    for (const weight of weights) {
      const drawn = tf.mul(random(weight.shape as number[], weight.name.replace(/_\d+$/, '')), 0.5)
      weight.write(/variance/.test(weight.name) ? tf.add(tf.abs(drawn), 0.5) : drawn)
    }
  return model
}

/** Keras' names of weights, by ours. */
const NAMES: Readonly<Record<string, string>> = {
  kernel: 'weight',
  depthwise_kernel: 'weight',
  pointwise_kernel: 'weight',
  gamma: 'weight',
  alpha: 'weight',
  beta: 'bias',
  bias: 'bias',
}

/** `spatial/depthwise_kernel` → `spatial/depthwise.weight` */
function parameterOf(weight: string): string {
  const [layer, name] = weight.split('/') as [string, string]
  if (layer === 'spatial') return `spatial/${name === 'depthwise_kernel' ? 'depthwise' : 'pointwise'}.${NAMES[name]!}`
  return `${layer}.${NAMES[name]!}`
}

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('a converted model has the gradients of the model in plain TensorFlow.js, in training', () => {
    tf.tidy(() => {
      const model = everyKind()
      const { network, parameters, statistics, notes } = fromLayersModel(model)
      expect(notes).toEqual([])
      const [x, cotangent] = [random([3, 8, 9, 3], 'x'), random([3, 4], 'cotangent')]
      const variables = model.trainableWeights.map((weight) => (weight as unknown as { val: tf.Variable }).val)
      const theirs = tf.variableGrads(
        () => tf.sum(tf.mul(model.apply(x, { training: true }) as tf.Tensor, cotangent)),
        variables,
      )
      const objective = (tensors: TensorRecord) =>
        tf.sum<tf.Scalar>(
          tf.mul(
            apply({ network, parameters: tensors, statistics }, x, { training: true }).outputs['logits']!,
            cotangent,
          ),
        )
      const ours = valueAndGradients(objective, parameters)
      expect(ours.value.dataSync()[0]).toBeCloseTo(theirs.value.dataSync()[0]!, 4)
      expect(Object.keys(ours.gradients)).toHaveLength(model.trainableWeights.length)
      for (const { originalName, name, shape } of model.trainableWeights) {
        const expected = theirs.grads[name]!
        const found = tf.reshape(ours.gradients[parameterOf(originalName)]!, shape as number[])
        const scale = Math.max(1e-3, tf.max(tf.abs(expected)).dataSync()[0]!)
        expect(tf.max(tf.abs(tf.sub(found, expected))).dataSync()[0]! / scale, originalName).toBeLessThan(1e-4)
      }
    })
  })
})
