import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import {
  apply,
  initializeParameters,
  initializeStatistics,
  mapRecord,
  randomStream,
  useBackend,
  valueAndGradients,
  type Network,
} from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import { createNetwork } from './registry.ts'

/** One network of each family, small: side of the images, width, blocks. */
const networks = [
  ['resnet8', 8, 4, [1, 1, 1]],
  ['resnet50', 32, 4, [1, 1, 1, 1]],
  ['wrn_16_2', 8, 4, [1, 1, 1]],
  ['vgg8', 16, 4, [1, 1, 1, 1, 1]],
  ['vgg11_bn', 32, 4, [1, 1, 1, 1, 1]],
  ['mobilenet_v1', 32, 4, [1, 1, 1, 1, 1]],
  ['mobilenet_v2', 32, 8, [1, 1, 2, 1, 1, 1, 1]],
  ['shufflenet_v2_x0_5', 32, 8, [2, 1, 1]],
  ['convnext_atto', 32, 4, [1, 1, 1, 1]],
  ['vit_b_16', 32, 24, [1]],
  ['deit_tiny_distilled', 32, 12, [1]],
  ['rvt_tiny', 32, 12, [1, 1]],
  ['mixer_s16', 32, 8, [1]],
] as const

const random = (shape: readonly number[], name: string, spread = 1) => {
  const stream = randomStream(3, name)
  const size = shape.reduce((product, n) => product * n, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => spread * stream.normal()),
    [...shape],
  )
}

/** Gradients of a weighted sum of the logits, in training mode, as plain numbers. */
async function gradientsOn(backend: 'cpu' | 'wasm', network: Network): Promise<Map<string, ArrayLike<number>>> {
  await useBackend(backend)
  const gradients = tf.tidy(() => {
    const parameters = mapRecord(initializeParameters(network.parameters, 1), (tensor, key) =>
      tf.add(tensor, random(tensor.shape, key, 0.05)),
    )
    const statistics = initializeStatistics(network.statistics)
    const [x, weights] = [random([4, ...network.inputShape], 'images'), random([4, network.classes], 'weights')]
    const loss = (given: typeof parameters) =>
      tf.sum<tf.Scalar>(tf.mul(apply(network, given, statistics, x, { training: true }).logits, weights))
    return valueAndGradients(loss, parameters).gradients as Record<string, tf.Tensor>
  })
  const entries = Object.entries(gradients).map(async ([key, tensor]) => [key, await tensor.data()] as const)
  const values = new Map(await Promise.all(entries))
  tf.dispose(gradients)
  return values
}

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)

describe.each(networks)('%s', (name, side, width, blocks) => {
  it('has a gradient for every parameter, on wasm what plain JavaScript computes', async () => {
    const network = createNetwork(name, { classes: 3, inputShape: [side, side, 3], width, blocks })
    const [expected, actual] = [await gradientsOn('cpu', network), await gradientsOn('wasm', network)]
    const names = network.parameters.map((parameter) => parameter.name)
    expect([...expected.keys()].sort()).toEqual([...names].sort())
    const scale = Math.max(...[...expected.values()].map(largest))
    expect(scale).toBeGreaterThan(0)
    for (const key of names) {
      const gap = largest(Array.from(expected.get(key)!, (value, i) => value - actual.get(key)![i]!))
      expect(gap / scale, key).toBeLessThan(1e-4)
    }
  }, 20_000)
})
