import * as tf from '@tensorflow/tfjs'
import { randomStream, runExtraKernel, useBackend } from '@gpdjs/core'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { adamw } from './adamw.ts'
import { clip } from './clip.ts'
import { globalNorm, gradientsOf } from './gradients.ts'
import type { Optimizer, UpdateContext } from './optimizer.ts'
import { sgd } from './sgd.ts'

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

const specs = Object.fromEntries(Object.keys(SHAPES).map((name) => [name, { decay: name !== 'exempt' }]))

/** An update by ordinary operations of the same backend: its kernel is taken away for the time. */
function composed(optimizer: Optimizer, context: UpdateContext) {
  const kernels = ['MomentumUpdate', 'AdamUpdate'].flatMap((name) => tf.getKernel(name, tf.getBackend()) ?? [])
  for (const { kernelName, backendName } of kernels) tf.unregisterKernel(kernelName, backendName)
  try {
    return optimizer.update(context)
  } finally {
    kernels.forEach((kernel) => tf.registerKernel(kernel))
  }
}

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

const OPTIMIZERS: readonly (readonly [string, Optimizer, readonly string[]])[] = [
  ...(
    [
      { momentum: 0.9 },
      { momentum: 0.9, weightDecay: 0.1 },
      { momentum: 0.5, nesterov: true, weightDecay: 0.1 },
      { momentum: 0.9, decoupled: true, weightDecay: 0.2 },
      { momentum: 0.9, decay: 'all', weightDecay: 0.1 },
    ] as const
  ).map(
    (options) => [`sgd ${JSON.stringify(options)}`, sgd({ learningRate: RATE, ...options }), ['velocity']] as const,
  ),
  ...([{}, { weightDecay: 0 }, { beta1: 0.5, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1, decay: 'all' }] as const).map(
    (options) =>
      [
        `adamw ${JSON.stringify(options)}`,
        adamw({ learningRate: RATE, ...options }),
        ['first-moment', 'second-moment'],
      ] as const,
  ),
]

describe.each(BACKENDS.filter(({ problem }) => problem === undefined))(
  'the update by kernels of our own on $backend',
  ({ backend }) => {
    beforeAll(() => useBackend(backend))

    it.each(OPTIMIZERS.filter(([name]) => backend === 'tensorflow' || name.startsWith('sgd')))(
      'is what composed operations make of scaled gradients: %s',
      (_, optimizer, remembered) => {
        const before = tf.memory().numTensors
        tf.tidy(() => {
          const gradients = draw('gradient')
          const trainables = draw('parameter')
          const slots = Object.fromEntries(
            remembered.flatMap((slot) =>
              // No second moment is negative.
              Object.entries(draw(slot)).map(([name, tensor]) => [
                `${name}/${slot}`,
                slot === 'second-moment' ? tf.abs(tensor) : tensor,
              ]),
            ),
          )
          const clipped = clip(LIMIT).transform(gradientsOf(gradients))
          const progress = { step: 3, totalSteps: 10 }
          const context = { gradients: clipped, trainables, slots, specs, progress }
          const run = vi.spyOn(tf.engine(), 'runKernel')
          const fused = optimizer.update(context)
          expect(run.mock.calls.map(([kernel]) => kernel)).toEqual([expect.stringMatching(/Update$/)])
          run.mockRestore()
          const expectation = composed(optimizer, context)
          for (const part of ['trainables', 'slots'] as const) {
            const expected = new Map(Object.entries(expectation[part]))
            expect(Object.keys(fused[part]).sort()).toEqual([...expected.keys()].sort())
            for (const [name, tensor] of Object.entries(fused[part])) {
              const wanted = expected.get(name)!.dataSync()
              tensor.dataSync().forEach((value, i) => {
                // One rounding more or less: of the numbers, or of what they were divided by.
                const tolerance = 1e-6 * Math.max(1, Math.abs(wanted[i]!))
                if (!(Math.abs(value - wanted[i]!) <= tolerance))
                  expect.fail(`${name}: ${value} instead of ${wanted[i]!}`)
              })
            }
          }
        })
        expect(tf.memory().numTensors).toBe(before)
      },
    )

    it('measures all tensors together', () => {
      tf.tidy(() => {
        const tensors = draw('gradient')
        const squares = values(tensors).reduce((sum, [, value]) => sum + value ** 2, 0)
        expect(globalNorm(tensors).dataSync()[0]! / Math.sqrt(squares)).toBeCloseTo(1, 6)
      })
    })
  },
)
