import * as tf from '@tensorflow/tfjs'
import { configurations, marked, type LayerCase } from './layer-case.ts'

const { activation, alphaDropout, dropout, elu, gaussianDropout, gaussianNoise, leakyReLU } = tf.layers
const { batchNormalization, layerNormalization, prelu, reLU, rescaling, softmax, spatialDropout1d } = tf.layers
const { masking, thresholdedReLU } = tf.layers

const IMAGE = [3, 4, 5] as const

/** What is left out is read all the same. */
const WITHOUT = /undefined/

const ACTIVATIONS = [
  'elu',
  'hardSigmoid',
  'linear',
  'relu',
  'relu6',
  'selu',
  'sigmoid',
  'softmax',
  'softplus',
  'softsign',
  'tanh',
  'swish',
  'mish',
  'gelu',
  'logSoftmax',
  'gelu_new',
] as const

/** Layers that keep the shape of their input: activations, normalization, noise. */
export const pointwise: Readonly<Record<string, readonly LayerCase[]>> = {
  activation: configurations(activation, IMAGE, ...ACTIVATIONS.map((name) => ({ activation: name }))),
  elu: [
    ...configurations(elu, IMAGE, {}),
    ...marked(configurations(elu, IMAGE, { alpha: 0.5 }), { throws: /Non-default alpha value .* not supported/ }),
  ],
  leakyReLU: configurations(leakyReLU, IMAGE, {}, { alpha: 0.1 }),
  prelu: configurations(prelu, IMAGE, {}, { sharedAxes: [1, 2] }, { sharedAxes: [3] }),
  reLU: configurations(reLU, IMAGE, {}, { maxValue: 1 }),
  softmax: [
    ...configurations(softmax, [5], {}),
    ...configurations(softmax, IMAGE, { axis: 3 }, { axis: -1 }),
    ...marked(configurations(softmax, IMAGE, { axis: 1 }), { throws: /along a non-last dimension/ }),
  ],
  thresholdedReLU: marked(configurations(thresholdedReLU, IMAGE, {}, { theta: 0.2 }), { repaired: 'Greater' }),
  batchNormalization: [
    ...configurations(batchNormalization, IMAGE, {}, { momentum: 0.5, epsilon: 1e-2 }),
    ...configurations(batchNormalization, [5], {}),
    ...marked(configurations(batchNormalization, IMAGE, { axis: 1 }), { throws: /must match the product of shape/ }),
    ...marked(configurations(batchNormalization, IMAGE, { center: false }, { scale: false }), { throws: WITHOUT }),
  ],
  layerNormalization: [
    ...configurations(layerNormalization, IMAGE, {}, { axis: [2, 3] }, { epsilon: 1e-2 }),
    ...marked(configurations(layerNormalization, IMAGE, { center: false }, { scale: false }), { throws: WITHOUT }),
  ],
  alphaDropout: configurations(alphaDropout, IMAGE, { rate: 0.4 }),
  dropout: configurations(
    dropout,
    IMAGE,
    { rate: 0.4 },
    { rate: 0.4, seed: 3 },
    { rate: 0.4, noiseShape: [1, 1, 1, 5] },
  ),
  spatialDropout1d: configurations(spatialDropout1d, [6, 4], { rate: 0.4 }, { rate: 0.4, seed: 3 }),
  gaussianDropout: configurations(gaussianDropout, IMAGE, { rate: 0.4 }),
  gaussianNoise: configurations(gaussianNoise, IMAGE, { stddev: 0.3 }),
  masking: marked(configurations(masking, [4, 3], {}, { maskValue: 1 }), { repaired: 'Any' }),
  rescaling: configurations(rescaling, IMAGE, { scale: 0.5 }, { scale: -2, offset: 1 }),
}
