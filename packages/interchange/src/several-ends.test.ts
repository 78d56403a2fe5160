import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  batchNorm,
  dense,
  graph,
  initializeParameters,
  initializeStatistics,
  type Model,
  type Network,
} from '@gpdjs/core'
import { toLayersModel } from './layers-model/to-layers-model.ts'
import { toOnnx } from './onnx/to-onnx.ts'

const vector = (size: number) => ({ shape: [size], dtype: 'float32' as const })

/** Two towers and what they share nothing of. */
function towers(): Network {
  const g = graph({ name: 'towers', inputs: { query: vector(3), document: vector(2) } })
  const q = g.add('q', dense({ units: 4 }), 'query')
  const d = g.add('d', dense({ units: 4 }), g.add('bn', batchNorm(), 'document'))
  return g.build({ query: q, document: d })
}

const modelOf = (network: Network, seed = 1): Model => ({
  network,
  parameters: initializeParameters(network.parameters, seed),
  statistics: initializeStatistics(network.statistics),
})

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('a network with several inputs and outputs as a file', () => {
  it('is refused by name where one image and one vector of scores are needed', async () => {
    const model = modelOf(towers())
    expect(() => toLayersModel(model)).toThrow(/toLayersModel: expected a network with one input, 'towers' has query/)
    await expect(toOnnx(model)).rejects.toThrow(/toOnnx: expected a network with one input, 'towers' has query/)
  })
})
