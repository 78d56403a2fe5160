import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import {
  apply,
  initializeParameters,
  initializeStatistics,
  mapRecord,
  randomStream,
  toLayersModel,
  toOnnx,
  useBackend,
  predict,
  type Network,
} from '@gpdjs/core'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { beforeAll, describe, expect, it } from 'vitest'
import { relativeGap } from './testing/golden.ts'
import { smallNetworks } from './testing/small-networks.ts'

beforeAll(async () => {
  await useBackend('wasm')
})

const random = (shape: readonly number[], name: string, spread = 1) => {
  const stream = randomStream(8, name)
  const size = shape.reduce((product, n) => product * n, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => spread * stream.normal()),
    [...shape],
  )
}

/** What batch norm keeps of its moving statistics. */
const MOMENTUM = 0.9

/** Tensors in which nothing is at its default, moments of the images themselves, images, and their logits. */
function sample(network: Network) {
  const parameters = mapRecord(initializeParameters(network.parameters, 1), (tensor, key) =>
    tf.add(tensor, random(tensor.shape, key, 0.05)),
  )
  const x = random([8, ...network.shapes['image']!], 'images')
  const none = mapRecord(initializeStatistics(network.statistics), (tensor) => tf.zerosLike(tensor))
  const moved = apply({ network, parameters, statistics: none }, x, { training: true }).statistics
  const statistics = mapRecord(moved, (tensor) => tf.mul(tensor, 1 / (1 - MOMENTUM)))
  const logits = predict({ network, parameters, statistics }, x)
  return { parameters, statistics, x, logits }
}

describe.each(Object.entries(smallNetworks))('%s, small', (_, make) => {
  it.each([true, false])('gives its logits as ONNX in an independent runtime, batch norm folded: %s', async (fold) => {
    const network = make()
    const { parameters, statistics, x, logits } = sample(network)
    const bytes = await toOnnx({ network, parameters, statistics }, { foldBatchNorm: fold })
    const session = await InferenceSession.create(bytes)
    const found = await session.run({ image: new Tensor('float32', (await x.data()) as Float32Array, x.shape) })
    const theirs = tf.tensor(found['logits']!.data as Float32Array, logits.shape)
    expect(relativeGap(theirs, logits)).toBeLessThan(1e-4)
    expect(relativeGap(tf.slice(logits, 0, 1), tf.slice(logits, 1, 1)), 'logits depend on the image').toBeGreaterThan(
      0.05,
    )
  })

  it('gives its logits as tf.LayersModel', () => {
    const network = make()
    const { parameters, statistics, x, logits } = sample(network)
    const model = toLayersModel({ network, parameters, statistics })
    expect(relativeGap(model.predict(x) as tf.Tensor, logits)).toBeLessThan(1e-5)
  })
})
