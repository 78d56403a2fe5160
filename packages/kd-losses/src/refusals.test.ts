import { isGpdError } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { afterAll, describe, expect, it } from 'vitest'
import { at } from './features/at.ts'
import { ndLoss } from './features/nd.ts'
import { spLoss } from './features/sp.ts'
import { reviewKd } from './features/review-kd.ts'
import { rkd } from './features/rkd.ts'
import { vid } from './features/vid.ts'
import * as exported from './index.ts'
import { binaryCrossEntropy } from './logits/binary-cross-entropy.ts'
import { crossEntropy } from './logits/cross-entropy.ts'
import { distLoss } from './logits/dist.ts'
import { dkd, dkdLoss } from './logits/dkd.ts'
import { kd, kdLoss } from './logits/kd.ts'
import { mlkd, mlkdViewLoss } from './logits/mlkd.ts'
import { ofaLoss } from './logits/ofa.ts'
import { rldLoss } from './logits/rld.ts'
import { softCrossEntropy, softCrossEntropyLoss } from './logits/soft-cross-entropy.ts'
import { standardizeLogits } from './logits/standardized.ts'
import { ttmLoss, wttmLoss } from './logits/ttm.ts'
import { losses } from './losses.ts'
import { labelTensor } from './testing/evaluate.ts'

await tf.setBackend('cpu')

const x23 = tf.zeros<tf.Rank.R2>([2, 3])
const x24 = tf.zeros<tf.Rank.R2>([2, 4])
const x22 = tf.zeros<tf.Rank.R2>([2, 2])
const x21 = tf.zeros<tf.Rank.R2>([2, 1])
const x13 = tf.zeros<tf.Rank.R2>([1, 3])
const x3 = tf.zeros([3]) as unknown as tf.Tensor2D
const y = labelTensor([0, 1])
const soft = tf.zeros([2, 3]) as unknown as tf.Tensor1D
const float = tf.zeros<tf.Rank.R1>([2])
const three = labelTensor([0, 1, 2])

afterAll(() => tf.dispose([x23, x24, x22, x21, x13, x3, y, soft, float, three]))

/** Refused once the tensors are seen. */
const inputs: [string, () => unknown, string, RegExp][] = [
  ['kdLoss: other class counts', () => kdLoss(x23, x24), 'network.shape', /student \[2, 3\] and teacher \[2, 4\]/],
  ['dkdLoss: other class counts', () => dkdLoss(x24, x23, y), 'network.shape', /student \[2, 4\] and teacher \[2, 3\]/],
  [
    'softCrossEntropyLoss: other class counts',
    () => softCrossEntropyLoss(x23, x24),
    'network.shape',
    /student \[2, 3\]/,
  ],
  ['logits without a batch axis', () => kdLoss(x3, x3), 'network.shape', /\[batch, classes\], got \[3\]/],
  ['logits without a batch axis', () => crossEntropy(x3, y), 'network.shape', /crossEntropy: expected logits/],
  [
    'soft labels',
    () => dkdLoss(x23, x23, soft),
    'data.mismatch',
    /int32 labels of shape \[2\], got float32 \[2, 3\].*argMax/,
  ],
  ['float labels', () => crossEntropy(x23, float), 'data.mismatch', /got float32 \[2\]/],
  [
    'shares of other classes',
    () => crossEntropy(x24, soft),
    'data.mismatch',
    /float32 of \[2, 4\], got float32 \[2, 3\]/,
  ],
  [
    'a list as logits',
    () => kdLoss([[1, 2]] as never, x23),
    'config.invalid',
    /kdLoss: expected a tensor, got \[\[1, 2\]\]/,
  ],
  ['a list as teacher', () => kdLoss(x23, [[1, 2]] as never), 'config.invalid', /tf\.tensor2d/],
  ['a list as labels', () => crossEntropy(x23, [0, 1] as never), 'config.invalid', /expected a tensor, got \[0, 1\]/],
  ['a list as labels', () => dkdLoss(x23, x23, [0, 1] as never), 'config.invalid', /dkdLoss: expected a tensor, got/],
  ['a list as features', () => spLoss([[1, 2]] as never, x23), 'config.invalid', /spLoss: expected tensors, got/],
  [
    'classes of labels',
    () => binaryCrossEntropy(x23, y),
    'data.mismatch',
    /shape \[2, 3\], got int32 \[2\].*crossEntropy/,
  ],
  ['a label too many', () => crossEntropy(x23, three), 'data.mismatch', /got int32 \[3\]/],
  ['two classes', () => dkdLoss(x22, x22, y), 'config.invalid', /at least 3 classes, got 2\. Use kdLoss/],
  [
    'temperature 0',
    () => kdLoss(x23, x23, { temperature: 0 }),
    'config.invalid',
    /kdLoss: temperature: .* above 0, got 0\./,
  ],
  ['dist of two classes', () => distLoss(x22, x22), 'config.invalid', /at least 3 classes, got 2\. .*kdLoss/],
  [
    'dist of one image',
    () => distLoss(x13, x13),
    'data.mismatch',
    /at least 2 images to compare, got 1\. Raise the batch/,
  ],
  ['dist of other classes', () => distLoss(x23, x24), 'network.shape', /student \[2, 3\] and teacher \[2, 4\]/],
  ['ofa with soft labels', () => ofaLoss(x23, x23, soft), 'data.mismatch', /ofaLoss: .*argMax/],
  ['epsilon 0', () => ofaLoss(x23, x23, y, { epsilon: 0 }), 'config.invalid', /ofaLoss: epsilon: .*above 0, got 0/],
  ['rld of two classes', () => rldLoss(x22, x22, y), 'config.invalid', /at least 3 classes, got 2\. Use kdLoss/],
  ['rld with soft labels', () => rldLoss(x23, x23, soft), 'data.mismatch', /rldLoss: .*argMax/],
  ['nd with soft labels', () => ndLoss(x23, x23, soft, x23), 'data.mismatch', /ndLoss: .*argMax/],
  ['gamma 0', () => ttmLoss(x23, x23, { gamma: 0 }), 'config.invalid', /ttmLoss: gamma: .*above 0, got 0/],
  ['gamma −1', () => wttmLoss(x23, x23, { gamma: -1 }), 'config.invalid', /wttmLoss: gamma: .*got -1/],
  ['ttm of other classes', () => ttmLoss(x23, x24), 'network.shape', /teacher \[2, 4\]/],
  ['one class to standardize', () => standardizeLogits(x21), 'network.shape', /at least 2 classes, got 1/],
  ['views of other classes', () => mlkdViewLoss({ student: x23, teacher: x24 }), 'network.shape', /teacher \[2, 4\]/],
  ['smoothing 1.5', () => softCrossEntropyLoss(x23, x23, { smoothing: 1.5 }), 'config.invalid', /from 0 to 1, got 1.5/],
]

/** Refused before anything runs. */
const options: [string, () => unknown, string, RegExp][] = [
  ['temperature −1', () => kd({ temperature: -1 }), 'config.invalid', /kd: temperature: .*got -1\. The default is 4/],
  ['temperature NaN', () => dkd({ temperature: NaN }), 'config.invalid', /got NaN/],
  ['temperature ∞', () => kd({ temperature: Infinity }), 'config.invalid', /got Infinity/],
  [
    'alpha −1',
    () => dkd({ alpha: -1 }),
    'config.invalid',
    /dkd: alpha: expected a finite number of at least 0, got -1/,
  ],
  ['beta ∞', () => dkd({ beta: Infinity }), 'config.invalid', /beta/],
  ['a power below 1', () => at({ student: 'a', power: 0.5 }), 'config.invalid', /at: power: .*at least 1, got 0.5/],
  ['no temperature', () => mlkd({ temperatures: [] }), 'config.invalid', /mlkd: temperatures: expected a list/],
  [
    'another variant',
    () => losses['mlkd']?.({ variant: 'released' }),
    'config.invalid',
    /"paper" or "release", got "released"\. Did you mean 'release'/,
  ],
  ['another mode', () => losses['crd']?.({ mode: 'class' }), 'config.invalid', /"exact" or "relax", got "class"/],
  ['half an image', () => losses['crd']?.({ negatives: 0.5 }), 'config.invalid', /crd: negatives: .*got 0.5/],
  ['momentum 2', () => losses['crd']?.({ momentum: 2 }), 'config.invalid', /crd: momentum: .*from 0 to 1, got 2/],
  ['variance 0', () => vid({ student: 'a', variance: 0 }), 'config.invalid', /vid: variance: .*above 0, got 0/],
  ['no width', () => reviewKd({ student: 'a', maxWidth: 0 }), 'config.invalid', /maxWidth/],
  ['a weight below 0', () => rkd({ angle: -1 }), 'config.invalid', /rkd: angle: .*at least 0, got -1/],
  ['smoothing −0.1', () => softCrossEntropy({ smoothing: -0.1 }), 'config.invalid', /smoothing/],
  ['smoothing NaN', () => softCrossEntropy({ smoothing: NaN }), 'config.invalid', /smoothing/],
  [
    'text',
    () => losses['kd']?.(JSON.parse('{"temperature":"4"}') as Record<string, number>),
    'config.invalid',
    /got "4"\./,
  ],
  [
    'a typing error',
    () => losses['kd']?.({ temprature: 4 }),
    'config.unknown-key',
    /'temprature'. Did you mean 'temperature'/,
  ],
  ['a name of every object', () => losses['dkd']?.({ constructor: 1 } as never), 'config.unknown-key', /'constructor'/],
]

describe('a loss refuses', () => {
  it.each([...inputs, ...options])('%s', (_, attempt, code, message) => {
    const before = tf.memory().numTensors
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.toSatisfy((error) => isGpdError(error) && error.code === code))
    expect(tf.memory().numTensors).toBe(before)
  })
})

/** Losses without a plain function of the same name, or registered under another one. */
const STATEFUL: Readonly<Record<string, string>> = {
  softCrossEntropy: 'soft-cross-entropy',
  reviewKd: 'review-kd',
  crd: 'crd',
  binaryKd: 'binary-kd',
}

/** Options without which a loss cannot be made. */
const required: Readonly<Record<string, object>> = {
  ...Object.fromEntries(['fitnet', 'at', 'sp', 'nst', 'vid', 'review-kd'].map((name) => [name, { student: 'layer3' }])),
}

describe('losses', () => {
  it('are registered by the names that they bear', () => {
    for (const [name, create] of Object.entries(losses)) {
      const expected = name === 'standardized' ? 'standardized-kd' : name
      expect(create({ ...required[name] }).name).toBe(expected)
    }
    expect(losses['standardized']?.({ loss: 'dkd', beta: 2 }).name).toBe('standardized-dkd')
  })

  it('has every loss that the package exports', () => {
    const functions = Object.entries(exported).filter(([name]) => `${name}Loss` in exported || name in STATEFUL)
    expect(functions.length).toBeGreaterThan(15)
    for (const [name] of functions) expect(Object.keys(losses)).toContain(STATEFUL[name] ?? name.toLowerCase())
  })
})
