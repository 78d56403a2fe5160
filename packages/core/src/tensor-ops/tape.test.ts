import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { randomStream } from '../random/random-stream.ts'
import { sizeOf } from '../shape.ts'
import { canRecord } from './tape.ts'
import { valueAndGradients } from './value-and-gradients.ts'

const SIDE = 4
const random = (name: string, shape: number[] = [SIDE, SIDE]) => {
  const stream = randomStream(7, 'backward-pass', name)
  const size = sizeOf(shape)
  return tf.tensor(
    Float32Array.from({ length: size }, () => stream.normal()),
    shape,
  )
}

describe('the tape', () => {
  beforeAll(async () => void (await tf.setBackend('cpu')))

  it('is known for the release of TensorFlow.js that is installed', () => {
    expect(canRecord()).toBe(true)
  })

  it('is left to the engine inside of another gradient', () => {
    const [w, x] = [random('w'), random('x')]
    // ∂/∂x ∂/∂w Σ w² x = 2 w
    const second = tf.grad((x: tf.Tensor) =>
      tf.sum(valueAndGradients(({ w }) => tf.sum(tf.mul(tf.square(w), x)), { w }).gradients.w!),
    )(x)
    expect(second.dataSync()).toEqual(tf.mul(w, 2).dataSync())
  })
})
