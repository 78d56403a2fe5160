import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { dense, embedding, graph, meanToken, selfAttention, toTokens, type FieldSpec, type OpCall } from '@gpdjs/core'
import { toLayersModel } from './layers-model/to-layers-model.ts'
import { toOnnx } from './onnx/to-onnx.ts'

/** An op that reads the inputs in their order. */
function single(op: OpCall, inputs: Readonly<Record<string, FieldSpec>>) {
  const g = graph({ name: 'one', inputs })
  return g.build(g.add('op', op, ...Object.keys(inputs)))
}

describe('ops on tokens in other formats', () => {
  beforeAll(async () => void (await tf.setBackend('cpu')))

  it('are not written where there is no form for them', async () => {
    const g = graph({ name: 'causal', inputShape: [2, 2, 6] })
    const attended = g.add('op', selfAttention({ heads: 1, causal: true }), g.add('tokens', toTokens(), 'image'))
    const network = g.build(g.add('fc', dense({ units: 2, useBias: false }), g.add('mean', meanToken(), attended)))
    const model = { network, parameters: { 'fc.weight': tf.ones([2, 2]) }, statistics: {} }
    expect(() => toLayersModel(model)).toThrow(/toLayersModel: node 'op' \(selfAttention\) is causal or masked/)
    await expect(toOnnx(model)).rejects.toThrow(/toOnnx: node 'op' is causal or masked/)
    const ids = single(embedding({ units: 2, vocabulary: 3 }), { ids: { shape: [4], dtype: 'int32' } })
    const texts = { network: ids, parameters: { 'op.weight': tf.ones([3, 2]) }, statistics: {} }
    expect(() => toLayersModel(texts)).toThrow(/expected a float32 input, got 'ids', int32 \[batch, 4\]/)
    await expect(toOnnx(texts)).rejects.toThrow(/node 'op': the op 'embedding' cannot be written in ONNX/)
  })
})
