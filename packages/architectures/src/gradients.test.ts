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
import { smallNetworks } from './testing/small-networks.ts'

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
    const [x, weights] = [
      random([4, ...network.shapes['image']!], 'images'),
      random([4, ...network.shapes[network.outputs['logits']!]!], 'weights'),
    ]
    const loss = (given: typeof parameters) =>
      tf.sum<tf.Scalar>(
        tf.mul(apply({ network, parameters: given, statistics }, x, { training: true }).outputs['logits']!, weights),
      )
    return valueAndGradients(loss, parameters).gradients as Record<string, tf.Tensor>
  })
  const entries = Object.entries(gradients).map(async ([key, tensor]) => [key, await tensor.data()] as const)
  const values = new Map(await Promise.all(entries))
  tf.dispose(gradients)
  return values
}

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)

describe.each(Object.entries(smallNetworks))('%s', (_, make) => {
  it('has a gradient for every parameter, on wasm what plain JavaScript computes', async () => {
    const network = make()
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
