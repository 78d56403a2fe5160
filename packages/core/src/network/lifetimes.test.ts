import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { add, batchNorm, dense, dropout, flatten, relu } from '../index.ts'
import { apply, predict } from './apply.ts'
import { graph } from './graph.ts'
import type { Network } from './network.ts'
import { initializeParameters, initializeStatistics } from '../axes/parameters.ts'

const [BATCH, WIDTH, DEPTH] = [8, 16, 20]
const BYTES = BATCH * WIDTH * 4

/** `DEPTH` dense layers, each with a norm. */
function deep(): Network {
  const g = graph({ name: 'deep', inputShape: [4, 4, 1] })
  let x = g.add('flat', flatten(), 'image')
  for (let i = 0; i < DEPTH; i++)
    x = g.add(`relu${i}`, relu(), g.add(`bn${i}`, batchNorm(), g.add(`fc${i}`, dense({ units: WIDTH }), x)))
  g.tap('early', 'relu0')
  g.tap('again', 'relu0')
  return g.build(x)
}

function tensorsOf(network: Network) {
  return {
    parameters: initializeParameters(network.parameters, 1),
    statistics: initializeStatistics(network.statistics),
    x: tf.randomNormal([BATCH, 4, 4, 1], 0, 1, 'float32', 3),
  }
}

describe('results of nodes', () => {
  beforeAll(() => tf.setBackend('cpu'))

  it('are freed when their last reader has run', async () => {
    const network = deep()
    const { parameters, statistics, x } = tensorsOf(network)
    const before = tf.memory().numBytes
    const { peakBytes } = await tf.profile(
      () => void apply({ network, parameters, statistics }, x, { training: false }),
    )
    // One layer's input and result, and what the layer needs on its way; all results would be 60.
    expect(peakBytes - before).toBeLessThan(8 * BYTES)
    expect(tf.memory().numBytes - before).toBe(BYTES)
  })

  it('live on if they are handed out: logits, taps, statistics', () => {
    const network = deep()
    const { parameters, statistics, x } = tensorsOf(network)
    const before = tf.memory().numTensors
    const result = apply({ network, parameters, statistics }, x, { training: true, taps: ['early', 'again'] })
    expect(tf.memory().numTensors - before).toBe(2 + 2 * DEPTH)
    expect(result.taps['early']).toBe(result.taps['again'])
    for (const tensor of [result.outputs['logits']!, result.taps['early']!, ...Object.values(result.statistics)])
      expect(tensor.isDisposed).toBe(false)
  })

  it('live on under every name that an op has handed them on by', () => {
    const g = graph({ name: 'same', inputShape: [4, 4, 1] })
    const flat = g.add('flat', flatten(), 'image')
    const same = g.add('again', dropout({ rate: 0.5 }), g.add('same', dropout({ rate: 0.5 }), flat))
    g.tap('same', same)
    const network = g.build(g.add('sum', add(), same, g.add('double', add(), same, same)))
    const x = tf.ones([1, 4, 4, 1])
    const { outputs, taps } = apply({ network, parameters: {}, statistics: {} }, x, { training: false, taps: ['same'] })
    expect(outputs['logits']!.dataSync()).toEqual(new Float32Array(16).fill(3))
    expect(taps['same']!.dataSync()).toEqual(new Float32Array(16).fill(1))
    expect(x.isDisposed).toBe(false)
  })

  it('are not freed if they belong to the caller', () => {
    const g = graph({ name: 'image', inputShape: [16] })
    const network = g.build(g.add('sum', add(), g.add('same', dropout({ rate: 0.5 }), 'image'), 'image'))
    const x = tf.ones([1, 16])
    expect(predict({ network, parameters: {}, statistics: {} }, x).dataSync()).toEqual(new Float32Array(16).fill(2))
    expect(x.isDisposed).toBe(false)
  })
})
