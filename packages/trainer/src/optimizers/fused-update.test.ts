import * as tf from '@tensorflow/tfjs'
import { randomStream, runExtraKernel, useBackend } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { clippingScale, globalNorm } from './clip.ts'
import { sgd, type SgdOptions } from './sgd.ts'

// One tensor that a kernel takes in several pieces, with a remainder, and small ones.
const SHAPES = { kernel: [70_001], matrix: [33, 7], gate: [1], exempt: [5] }
const RATE = 0.3
const LIMIT = 2

const draw = (what: string) =>
  Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => {
      const stream = randomStream(1, what, name)
      const size = shape.reduce((a, b) => a * b)
      return [
        name,
        tf.tensor(
          Float32Array.from({ length: size }, () => stream.normal()),
          shape,
        ),
      ]
    }),
  )

const specs = Object.fromEntries(
  Object.entries(SHAPES).map(([name, shape]) => [name, { shape, decay: name !== 'exempt' }]),
)

const problemOf = (backend: 'tensorflow' | 'wasm') =>
  useBackend(backend).then(
    () => (runExtraKernel('GlobalNorm', { x: tf.tensor1d([3]) }) ? undefined : 'it has no kernel GlobalNorm'),
    (error: Error) => error.message,
  )

const BACKENDS = [
  { backend: 'tensorflow', problem: await problemOf('tensorflow') },
  { backend: 'wasm', problem: await problemOf('wasm') },
] as const
for (const { backend, problem } of BACKENDS)
  if (problem !== undefined) console.warn(`skipped on ${backend}: ${problem}`)

const values = (record: Readonly<Record<string, tf.Tensor>>) =>
  Object.entries(record).flatMap(([name, tensor]) => Array.from(tensor.dataSync(), (value) => [name, value] as const))

describe.each(BACKENDS.filter(({ problem }) => problem === undefined))(
  'the update by kernels of our own on $backend',
  ({ backend }) => {
    beforeAll(() => useBackend(backend))

    it.each<Partial<SgdOptions>>([
      { momentum: 0.9 },
      { momentum: 0.9, weightDecay: 0.1 },
      { momentum: 0.5, nesterov: true, weightDecay: 0.1 },
      { momentum: 0.9, decoupled: true, weightDecay: 0.2 },
      { momentum: 0.9, decay: 'all', weightDecay: 0.1 },
    ])('is what composed operations make of scaled gradients: %o', (options) => {
      const optimizer = sgd({ learningRate: RATE, ...options })
      const before = tf.memory().numTensors
      tf.tidy(() => {
        const gradients = draw('gradient')
        const trainables = draw('parameter')
        const slots = Object.fromEntries(
          Object.entries(draw('velocity')).map(([name, velocity]) => [`${name}/velocity`, velocity]),
        )
        const context = { gradients, trainables, slots, specs, learningRate: RATE, step: 3 }
        const scale = clippingScale(globalNorm(gradients), LIMIT)!
        const fused = optimizer.fusedUpdate!(context, scale)!
        const composed = optimizer.update({
          ...context,
          gradients: Object.fromEntries(Object.entries(gradients).map(([name, g]) => [name, tf.mul(g, scale)])),
        })
        for (const part of ['trainables', 'slots'] as const) {
          const expected = values(composed[part])
          expect(Object.keys(fused[part])).toEqual(Object.keys(composed[part]))
          values(fused[part]).forEach(([name, value], i) => {
            expect(name).toBe(expected[i]![0])
            if (Math.abs(value - expected[i]![1]) > 1e-6) expect.fail(`${name}: ${value} instead of ${expected[i]![1]}`)
          })
        }
      })
      expect(tf.memory().numTensors).toBe(before)
    })

    it('measures all tensors together', () => {
      tf.tidy(() => {
        const tensors = draw('gradient')
        const squares = values(tensors).reduce((sum, [, value]) => sum + value ** 2, 0)
        expect(globalNorm(tensors).dataSync()[0]! / Math.sqrt(squares)).toBeCloseTo(1, 6)
      })
    })
  },
)
