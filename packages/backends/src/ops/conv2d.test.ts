import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { useBackend } from '../use-backend.ts'
import {
  conv2d,
  flatten,
  graph,
  pairOf,
  predict,
  randomStream,
  sizeOf,
  tfSize,
  type Conv2dAttributes,
} from '@gpdjs/core'

const random = (shape: readonly number[], name: string) => {
  const stream = randomStream(5, name)
  const size = sizeOf(shape)
  return tf.tensor(
    Float32Array.from({ length: size }, () => stream.normal()),
    [...shape],
  )
}

const SHAPE = [2, 9, 8, 6]

const settings: readonly (readonly [string, Conv2dAttributes])[] = [
  ['one filter for each channel', { filters: 6, kernelSize: 3, strides: 1, padding: 1, groups: 6, useBias: false }],
  ['two filters for each channel', { filters: 12, kernelSize: 3, strides: 2, padding: 1, groups: 6, useBias: true }],
  ['three filters and `same`', { filters: 18, kernelSize: 2, strides: 2, padding: 'same', groups: 6, useBias: false }],
  ['`valid`', { filters: 12, kernelSize: 4, strides: 1, padding: 'valid', groups: 6, useBias: false }],
  ['two channels in each group', { filters: 6, kernelSize: 3, strides: 1, padding: 2, groups: 3, useBias: false }],
]

/** Outputs, and gradients of a weighted sum of them for images and kernel. */
function results(run: (x: tf.Tensor4D, kernel: tf.Tensor4D) => tf.Tensor, attributes: Conv2dAttributes) {
  const { kernelSize, groups, filters } = attributes
  const x = random(SHAPE, 'x') as tf.Tensor4D
  const kernel = random([...pairOf(kernelSize), SHAPE[3]! / groups, filters], 'kernel') as tf.Tensor4D
  const y = run(x, kernel)
  const loss = (given: tf.Tensor, weights: tf.Tensor) => {
    const out = run(given as tf.Tensor4D, weights as tf.Tensor4D)
    return tf.sum(tf.mul(out, random(out.shape, 'cotangent')))
  }
  return [y, ...tf.grads(loss)([x, kernel])]
}

/** One convolution for each group of channels, side by side. */
function convolveGroups(x: tf.Tensor4D, kernel: tf.Tensor4D, { groups, strides, padding }: Conv2dAttributes) {
  const isNumber = typeof padding === 'number'
  const border: [number, number] = isNumber ? [padding, padding] : [0, 0]
  const parts = tf.split<tf.Tensor4D>(tf.pad(x, [[0, 0], border, border, [0, 0]]), groups, 3)
  const kernels = tf.split<tf.Tensor4D>(kernel, groups, 3)
  return tf.concat(
    parts.map((part, i) => tf.conv2d(part, kernels[i]!, tfSize(strides), isNumber ? 'valid' : padding)),
    3,
  )
}

describe.each(['cpu', 'wasm'] as const)('a grouped convolution on %s', (backend) => {
  it.each(settings)('is one convolution for each group, forward and backward: %s', async (_, attributes) => {
    await useBackend(backend)
    const g = graph({ name: 'n', inputShape: SHAPE.slice(1) })
    const network = g.build(g.add('flat', flatten(), g.add('conv', conv2d(attributes), 'image')))
    const bias = tf.zeros([attributes.filters])
    const op = results((x, kernel) => {
      const parameters = { 'conv.weight': kernel, ...(attributes.useBias && { 'conv.bias': bias }) }
      return predict({ network, parameters, statistics: {} }, x)
    }, attributes)
    const groups = results(
      (x, kernel) => tf.reshape(convolveGroups(x, kernel, attributes), [SHAPE[0]!, -1]),
      attributes,
    )
    op.forEach((actual, i) => {
      const expected = groups[i]!
      expect(actual.shape).toEqual(expected.shape)
      const scale = tf.max(tf.abs(expected)).dataSync()[0]!
      expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]! / scale).toBeLessThan(1e-5)
    })
  })
})
