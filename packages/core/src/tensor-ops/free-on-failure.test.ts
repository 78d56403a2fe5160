import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { freeOnFailure } from './free-on-failure.ts'

beforeAll(() => tf.setBackend('cpu'))

it('frees what was made if the function throws, and throws the same error', () => {
  const { numTensors } = tf.memory()
  const error = new Error('no')
  const fail = () => {
    tf.ones([2])
    tf.keep(tf.tidy(() => tf.add(tf.ones([2]), 1)))
    throw error
  }
  let thrown: unknown
  try {
    freeOnFailure(fail)
  } catch (caught) {
    thrown = caught
  }
  expect(thrown).toBe(error)
  // What was kept on purpose stays: it belongs to someone else.
  expect(tf.memory().numTensors - numTensors).toBe(1)
})

it('keeps everything if it does not, wherever it is', () => {
  const hidden: tf.Tensor[] = []
  const made = freeOnFailure(() => {
    hidden.push(tf.ones([2]))
    return { deep: [tf.zeros([2])] }
  })
  expect([...hidden, ...made.deep].map((tensor) => [...tensor.dataSync()])).toEqual([
    [1, 1],
    [0, 0],
  ])
  tf.dispose([hidden, made])
})

it('frees nothing of the caller', () => {
  const mine = tf.ones([2])
  expect(() =>
    freeOnFailure(() => {
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(mine.isDisposed).toBe(false)
  mine.dispose()
})
