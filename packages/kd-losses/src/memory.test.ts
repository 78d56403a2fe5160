import * as tf from '@tensorflow/tfjs'
import { afterAll, describe, expect, it } from 'vitest'
import * as exported from './index.ts'
import { labelTensor, useBackend } from './testing/evaluate.ts'

await useBackend('cpu')

const [s, t] = [tf.randomNormal<tf.Rank.R2>([4, 5]), tf.randomNormal<tf.Rank.R2>([4, 5])]
const [map, deep] = [tf.randomNormal<tf.Rank.R4>([4, 4, 4, 3]), tf.randomNormal<tf.Rank.R4>([4, 2, 2, 3])]
const y = labelTensor([0, 1, 2, 3])
const [kernel, weight, bias] = [tf.ones([1, 1, 3, 3]), tf.ones([3]), tf.zeros([3])]
const wide = tf.ones([3, 3, 3, 3])
const [rate, rateBias] = [tf.ones([1, 1, 6, 2]), tf.zeros([2])]
const fusionHeads = {
  'fusion.reduce.kernel': kernel,
  'fusion.reduce.weight': weight,
  'fusion.reduce.bias': bias,
  'fusion.expand.kernel': wide,
  'fusion.expand.weight': weight,
  'fusion.expand.bias': bias,
  'fusion.attention.kernel': rate,
  'fusion.attention.bias': rateBias,
}

afterAll(() => tf.dispose([s, t, map, deep, y, kernel, weight, bias, wide, rate, rateBias]))

/** Every plain function of the package, called as in a loop without `tf.tidy`. */
const calls: Readonly<Record<string, () => tf.Tensor>> = {
  crossEntropy: () => exported.crossEntropy(s, y),
  'crossEntropy of shares': () => exported.crossEntropy(s, s),
  binaryCrossEntropy: () => exported.binaryCrossEntropy(s, t),
  binaryKdLoss: () => exported.binaryKdLoss(s, t),
  kdLoss: () => exported.kdLoss(s, t),
  dkdLoss: () => exported.dkdLoss(s, t, y),
  'dkdLoss of shares': () => exported.dkdLoss(s, t, s, { softLabels: 'argmax' }),
  softCrossEntropyLoss: () => exported.softCrossEntropyLoss(s, t),
  distLoss: () => exported.distLoss(s, t),
  ofaLoss: () => exported.ofaLoss(s, t, y),
  standardizeLogits: () => exported.standardizeLogits(s),
  ttmLoss: () => exported.ttmLoss(s, t),
  wttmLoss: () => exported.wttmLoss(s, t),
  rldLoss: () => exported.rldLoss(s, t, y),
  mlkdLoss: () => exported.mlkdLoss({ weak: { student: s, teacher: t }, strong: { student: s, teacher: t } }),
  mlkdViewLoss: () => exported.mlkdViewLoss({ student: s, teacher: t }),
  fitnetLoss: () => exported.fitnetLoss(map, map),
  atLoss: () => exported.atLoss(map, deep),
  spLoss: () => exported.spLoss(map, deep),
  pktLoss: () => exported.pktLoss(s, t),
  nstLoss: () => exported.nstLoss(map, deep),
  rkdLoss: () => exported.rkdLoss(s, t),
  vidLoss: () => exported.vidLoss(map, deep, { kernels: [kernel, kernel, kernel], logScale: bias }),
  contrastLoss: () => exported.contrastLoss({ positive: s, negative: t, samples: 10 }),
  hclLoss: () => exported.hclLoss(map, map),
  ndLoss: () => exported.ndLoss(s, t, y, t),
}

describe('a plain function', () => {
  it.each(Object.entries(calls))('%s leaves nothing behind but its result', (_, call) => {
    const before = tf.memory().numTensors
    const value = call()
    expect(tf.memory().numTensors).toBe(before + 1)
    value.dispose()
  })

  it('attentionFusion leaves nothing behind but its two results', () => {
    const before = tf.memory().numTensors
    const fused = exported.attentionFusion(map, deep, [4, 4], fusionHeads)
    expect(tf.memory().numTensors).toBe(before + 2)
    tf.dispose([fused.output, fused.residual])
  })

  it('is in this list if its name ends in Loss', () => {
    expect(Object.keys(calls)).toEqual(
      expect.arrayContaining(Object.keys(exported).filter((name) => name.endsWith('Loss'))),
    )
  })
})
