import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { dense, graph, initializeParameters, type Model } from '@gpdjs/core'
import { toLayersModel } from './layers-model/to-layers-model.ts'
import { toOnnx } from './onnx/to-onnx.ts'

const vector = (size: number) => ({ shape: [size], dtype: 'float32' as const })

function towers(): Model {
  const g = graph({ name: 'towers', inputs: { query: vector(3), document: vector(2) } })
  const network = g.build({
    query: g.add('q', dense({ units: 4 }), 'query'),
    document: g.add('d', dense({ units: 4 }), 'document'),
  })
  return { network, parameters: initializeParameters(network.parameters, 1), statistics: {} }
}

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('a network with several inputs and outputs as a file', () => {
  it('is refused by name where one image and one vector of scores are needed', async () => {
    const model = towers()
    expect(() => toLayersModel(model)).toThrow(/toLayersModel: expected a network with one input, 'towers' has query/)
    await expect(toOnnx(model)).rejects.toThrow(/toOnnx: expected a network with one input, 'towers' has query/)
  })
})
