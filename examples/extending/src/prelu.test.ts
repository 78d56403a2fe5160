import * as tf from '@tensorflow/tfjs'
import {
  countMultiplyAdds,
  countParameters,
  networkDefinition,
  parseNetwork,
  predict,
  useBackend,
  valueAndGradients,
} from '@gpdjs/core'
import { expand, inverseReparameterization } from '@gpdjs/ir-expansion'
import { distill, dynamicTeacher } from '@gpdjs/trainer'
import { beforeAll, describe, expect, it } from 'vitest'
import { prelu } from './index.ts'
import { itKeepsTheLaws } from './testing/laws.ts'
import { drawn, random, smallNetwork, smallRun } from './testing/small-run.ts'

const network = smallNetwork(prelu)

describe.each(['cpu', 'wasm'] as const)('the gradient of prelu on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is that of finite differences, in the input and in the slope', () => {
    // Away from the kink at 0 the op is linear in either argument, so a long step is exact.
    const away = tf.add(random([2, 3, 3, 4], 'x'), tf.sign(random([2, 3, 3, 4], 'x')))
    const [x, slope] = [away, random([4], 'slope')]
    const cotangent = random(x.shape, 'cotangent')
    const run = (inputs: Readonly<Record<string, tf.Tensor>>) =>
      prelu.apply({
        attributes: { initial: 0.25 },
        inputs: [inputs['x']!],
        parameters: { slope: inputs['slope']! },
        statistics: {},
        training: true,
        random: () => expect.unreachable('draws nothing'),
        update: () => expect.unreachable('has no statistics'),
      })
    const f = (inputs: Readonly<Record<string, tf.Tensor>>) => tf.sum(tf.mul(run(inputs), cotangent)) as tf.Scalar
    const at = { x, slope }
    const { gradients } = valueAndGradients(f, at)
    for (const name of ['x', 'slope'] as const) {
      const [direction, h] = [random(at[name].shape, `towards ${name}`), 0.125]
      const moved = (step: number) => f({ ...at, [name]: tf.add(at[name], tf.mul(direction, step)) }).dataSync()[0]!
      const expected = (moved(h) - moved(-h)) / (2 * h)
      const actual = tf.sum(tf.mul(gradients[name]!, direction)).dataSync()[0]!
      expect(Math.abs(expected)).toBeGreaterThan(0.1)
      expect(actual).toBeCloseTo(expected, 3)
    }
  })
})

describe('a network with prelu', () => {
  beforeAll(() => useBackend('cpu'))

  it('multiplies negative numbers by the slope of their channel', () => {
    const x = tf.tensor4d([-2, -2, 3, 3], [1, 2, 1, 2])
    const context = {
      attributes: { initial: 0 },
      inputs: [x],
      parameters: { slope: tf.tensor1d([0.5, 10]) },
      statistics: {},
    }
    const y = prelu.apply({ ...context, training: false, random: () => expect.unreachable(), update: () => undefined })
    expect(Array.from(y.dataSync())).toEqual([-1, -20, 3, 3])
  })

  itKeepsTheLaws(network, { ratio: 2 })

  it('is widened, counted and saved by its declaration alone', () => {
    const { teacher } = expand(network, { ratio: 2 })
    const slopes = teacher.parameters.filter(({ name }) => name.endsWith('.slope'))
    expect(slopes.map(({ shape }) => shape)).toEqual([[8], [8]])
    // conv1 9·1·4, conv2 9·4·4, two batch norms 2·4, two slopes 4, fc 4·3 + 3; twice as wide: see the same sum.
    expect(countParameters(network.parameters)).toBe(36 + 144 + 2 * 8 + 2 * 4 + 15)
    expect(countParameters(teacher.parameters)).toBe(72 + 576 + 2 * 16 + 2 * 8 + 27)
    expect(countMultiplyAdds(network)).toBe(36 * (36 + 144) + 2 * 36 * 4 + 12)
    expect(countMultiplyAdds(teacher)).toBe(36 * (72 + 576) + 2 * 36 * 8 + 24)
    const again = parseNetwork(JSON.parse(JSON.stringify(networkDefinition(network))), 'small.json')
    expect(again.parameters).toEqual(network.parameters)
  })

  it('trains beside its dynamic teacher, and the student comes out plain', async () => {
    const options = { ...smallRun(network), epochs: 12 }
    const before = tf.memory().numTensors
    const run = await distill({
      ...options,
      plugins: dynamicTeacher({ expander: inverseReparameterization({ ratio: 2 }) }),
    })
    const losses = run.history.map(({ logs }) => logs['cross-entropy(student)']!)
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2)
    expect(run.student.parameters['act1.slope']!.shape).toEqual([4])
    expect(Array.from(run.student.parameters['act1.slope']!.dataSync())).not.toEqual([0.25, 0.25, 0.25, 0.25])
    run.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('starts as a leaky relu', () => {
    const { parameters, statistics } = drawn(network, 1)
    const x = random([2, 6, 6, 1], 'images')
    const run = (slope: number) => {
      const given = { ...parameters, 'act1.slope': tf.fill([4], slope), 'act2.slope': tf.fill([4], slope) }
      return Array.from(predict({ network, parameters: given, statistics }, x).dataSync())
    }
    const fresh = predict({ network, parameters, statistics }, x)
    expect(Array.from(fresh.dataSync())).toEqual(run(0.25))
    expect(run(0.25)).not.toEqual(run(0))
  })
})
