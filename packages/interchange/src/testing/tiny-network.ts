import {
  batchNorm,
  conv2d,
  dense,
  globalAveragePool,
  graph,
  initializeParameters,
  initializeStatistics,
  relu,
  type Model,
  type Network,
} from '@gpdjs/core'

/** A convolutional network of a few hundred parameters, for tests: two layers, and `fc` for three classes. */
export function tinyNetwork({ width = 2 }: { readonly width?: number } = {}): Network {
  const g = graph({ name: 'tiny', inputShape: [6, 6, 1] })
  const layer = (x: string, i: number) => {
    const y = g.add(`conv${i}`, conv2d({ filters: width, kernelSize: 3 }), x)
    return g.add(`relu${i}`, relu(), g.add(`bn${i}`, batchNorm(), y))
  }
  const pool = g.add('pool', globalAveragePool(), layer(layer('image', 1), 2))
  return g.build(g.add('fc', dense({ units: 3 }), pool))
}

/** A network with drawn weights. */
export const drawn = (network: Network, seed: number): Model => ({
  network,
  parameters: initializeParameters(network.parameters, seed),
  statistics: initializeStatistics(network.statistics),
})
