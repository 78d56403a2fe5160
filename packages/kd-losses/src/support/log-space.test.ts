import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, expectClose, labelTensor, tensor, useBackend } from '../testing/evaluate.ts'
import { kl, softmax } from '../testing/plain-math.ts'
import { klDivergence, maskedLogSumExp, oneHotLabels } from './log-space.ts'

const mask = (rows: boolean[][]) => tf.tensor2d(rows, undefined, 'bool')
const read = async (x: tf.Tensor) => Array.from(await x.data())

describe.each(backends)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('maskedLogSumExp leaves out what is excluded, whatever its size', async () => {
    const x = tensor([[1, 2, 3e38], [-5, -Infinity, 7], [-1000, -1001, 0]]) // prettier-ignore
    const excluded = mask([[false, false, true], [true, false, false], [false, false, true]]) // prettier-ignore
    const actual = await read(maskedLogSumExp(x, excluded))
    expectClose([actual], [[Math.log(Math.exp(1) + Math.exp(2)), 7, -1000 + Math.log1p(Math.exp(-1))]], 1e-6)
  })

  it('maskedLogSumExp of no entry is −∞, not NaN', async () => {
    expect(await read(maskedLogSumExp(tensor([[1, 2]]), mask([[true, true]])))).toEqual([-Infinity])
  })

  it('klDivergence is that of each row', async () => {
    const [p, q] = [[1, 2, 3], [0, 0, 5]] // prettier-ignore
    const rows = (x: number[]) => tf.logSoftmax(tensor([x, [0, 0, 0]]))
    expectClose([await read(klDivergence(rows(p), rows(q)))], [[kl(softmax(p), softmax(q)), 0]], 1e-5)
  })

  it('oneHotLabels has ones that multiply as ones', async () => {
    const ones = tf.cast(oneHotLabels(labelTensor([2, 0]), 3), 'float32')
    expect(await read(tf.mul(ones, 3))).toEqual([0, 0, 3, 3, 0, 0])
  })
})
