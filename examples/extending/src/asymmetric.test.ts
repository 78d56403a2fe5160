import * as tf from '@tensorflow/tfjs'
import { expand, inverseReparameterization } from '@gpdjs/ir-expansion'
import { distill, dynamicTeacher } from '@gpdjs/trainer'
import { relu, useBackend } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { asymmetric } from './asymmetric.ts'
import { itKeepsTheLaws } from './testing/laws.ts'
import { random, smallNetwork, smallRun } from './testing/small-run.ts'

const network = smallNetwork(relu)
const options = { ratio: 2, branches: asymmetric() }

describe('asymmetric branches', () => {
  beforeAll(() => useBackend('cpu'))

  itKeepsTheLaws(network, options)

  it('convolve like the sum of their convolutions', () => {
    const [merge] = expand(network, options).merges
    const tensors = {
      square: random([3, 3, 1, 4], 's'),
      column: random([3, 1, 1, 4], 'c'),
      row: random([1, 3, 1, 4], 'r'),
    }
    const x = random([2, 6, 6, 1], 'images') as tf.Tensor4D
    const convolve = (kernel: tf.Tensor) => tf.conv2d(x, kernel as tf.Tensor4D, 1, 'same')
    const parts = Object.values(tensors).map(convolve)
    const gap = tf
      .max(tf.abs(tf.sub(convolve(merge!.merge(tensors)[merge!.parameter]!), tf.addN(parts))))
      .dataSync()[0]!
    expect(gap).toBeLessThan(5e-6)
  })

  it('train, and leave a plain student', async () => {
    const setup = smallRun(network)
    const run = await distill({ ...setup, plugins: dynamicTeacher({ expander: inverseReparameterization(options) }) })
    expect(run.outcome).toBe('completed')
    expect(Object.keys(run.student.parameters).sort()).toEqual(network.parameters.map(({ name }) => name).sort())
    run.dispose()
  })
})
