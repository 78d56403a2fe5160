import { tensorSource } from '@gpdjs/data'
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
  type Network,
  type OpCall,
} from '@gpdjs/core'
import { sgd, type DistillOptions } from '@gpdjs/trainer'

/** Standard normal numbers, the same for the same name. */
export function random(shape: readonly number[], name: string): tf.Tensor {
  const stream = randomStream(1, 'test', name)
  const size = shape.reduce((product, n) => product * n, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => stream.normal()),
    [...shape],
  )
}

/** Two convolutions with batch norm, and the given op behind each of them; images 6×6, 3 classes. */
export function smallNetwork(activation: () => OpCall, width = 4): Network {
  const g = graph({ name: 'small', inputShape: [6, 6, 1] })
  const layer = (x: string, i: number) => {
    const y = g.add(`bn${i}`, batchNorm(), g.add(`conv${i}`, conv2d({ filters: width, kernelSize: 3 }), x))
    return g.add(`act${i}`, activation(), y)
  }
  const x = layer(layer('image', 1), 2)
  return g.build(g.add('fc', dense({ units: 3 }), g.add('pool', globalAveragePool(), x)))
}

/** A network with drawn weights. */
export const drawn = (network: Network, seed: number) => ({
  network,
  parameters: initializeParameters(network.parameters, seed),
  statistics: initializeStatistics(network.statistics),
})

/** Images whose class is how bright they are, with noise. */
export function smallRun(student: Network): DistillOptions {
  const labels = Int32Array.from({ length: 24 }, (_, i) => i % 3)
  const brightness = tf.reshape(tf.sub(tf.tensor1d(labels, 'float32'), 1), [24, 1, 1, 1])
  const xs = tf.add(tf.mul(0.5, random([24, 6, 6, 1], 'images')), brightness) as tf.Tensor4D
  return {
    student,
    data: { train: tensorSource({ xs, ys: tf.tensor1d(labels, 'int32'), classes: 3 }) },
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    epochs: 4,
    batchSize: 8,
    seed: 0,
  }
}
