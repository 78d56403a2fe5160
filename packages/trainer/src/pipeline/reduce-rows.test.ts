import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { reduceRows, type LossTerm, type Outputs, type TermContext } from './term.ts'

beforeAll(() => tf.setBackend('cpu'))

const rows = { logits: tf.zeros([3, 2]), labels: tf.zeros([3], 'int32') }
const outputs = { student: { ...rows, outputs: {}, taps: {} } } as unknown as Outputs
const reduce = (term: Pick<LossTerm, 'compute'> & Partial<LossTerm>) =>
  reduceRows({ name: 'mine', weight: 1, passes: {}, ...term }, outputs, {} as TermContext)

describe('the value of a term', () => {
  const values = tf.tensor([3, 5, 10])

  it('is the mean of its rows, each times its factor', async () => {
    expect((await reduce({ compute: () => values }).data())[0]).toBe(6)
    const half = tf.tensor([1, 0, 0.5])
    expect((await reduce({ compute: () => values, rows: () => half }).data())[0]).toBeCloseTo(8 / 3, 6)
  })

  it('may be one number for the batch', async () => {
    expect((await reduce({ compute: () => tf.sum(values) }).data())[0]).toBe(18)
  })

  it.each([
    {
      what: 'values by class',
      term: { compute: () => tf.zeros([3, 2]) },
      message: /Loss 'mine': .*\[3\], got \[3, 2\]/,
    },
    { what: 'values of other rows', term: { compute: () => tf.zeros([2]) }, message: /got \[2\]/ },
    {
      what: 'factors that would be broadcast',
      term: { compute: () => values, rows: () => tf.ones([3, 1]) },
      message: /Factors of loss 'mine': .*\[3\], got \[3, 1\]/,
    },
  ])('is refused with $what', ({ term, message }) => {
    expect(() => reduce(term)).toThrow(message)
    expect(() => reduce(term)).toThrow(expect.objectContaining({ code: 'plugin.invalid' }))
  })
})
