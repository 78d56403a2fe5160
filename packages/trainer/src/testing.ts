import * as tf from '@tensorflow/tfjs'
import {
  batchNorm,
  conv2d,
  dense,
  globalAveragePool,
  graph,
  initializeParameters,
  initializeStatistics,
  randomStream,
  relu,
  type Model,
  type Network,
} from '@gpdjs/core'
import { tensorSource } from '@gpdjs/data'

/** A convolutional network of a few hundred parameters, for tests. */
export function tinyNetwork(
  options: { readonly width?: number; readonly norm?: boolean; readonly classes?: number } = {},
): Network {
  const { width = 2, norm = true, classes = 3 } = options
  const g = graph({ name: 'tiny', inputShape: [6, 6, 1] })
  const layer = (x: string, i: number) => {
    const y = g.add(`conv${i}`, conv2d({ filters: width, kernelSize: 3 }), x)
    return g.add(`relu${i}`, relu(), norm ? g.add(`bn${i}`, batchNorm(), y) : y)
  }
  const x = layer(layer('image', 1), 2)
  g.tap('features', x)
  const pool = g.add('pool', globalAveragePool(), x)
  g.tap('pool', pool)
  return g.build(g.add('fc', dense({ units: classes }), pool))
}

/** Images whose class is how bright they are on average, with noise. */
export function tinyTensors(samples = 24, classes = 3, seed = 1) {
  const stream = randomStream(seed, 'tiny-data')
  const labels = Int32Array.from({ length: samples }, (_, i) => i % classes)
  const pixels = Float32Array.from(
    { length: samples * 36 },
    (_, i) => labels[Math.floor(i / 36)]! - 1 + 0.5 * stream.normal(),
  )
  return { xs: tf.tensor4d(pixels, [samples, 6, 6, 1]), ys: tf.tensor1d(labels, 'int32'), classes }
}

/** The same as a source of batches. */
export const tinyData = (samples?: number, classes?: number, seed?: number) =>
  tensorSource(tinyTensors(samples, classes, seed))

/** A network with drawn weights, such as a teacher. */
export function drawn(network: Network, seed: number): Model {
  return {
    network,
    parameters: initializeParameters(network.parameters, seed),
    statistics: initializeStatistics(network.statistics),
  }
}
