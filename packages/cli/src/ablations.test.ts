/**
 * Every combination of the switches of the method, through the configuration, as an ablation study would set them.
 */
import { join } from 'node:path'
import { saveNetwork } from '@gpdjs/interchange'
import { distill, evaluate, type Callbacks, type Logs } from '@gpdjs/trainer'
import { useBackend } from '@gpdjs/backends'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkConfig } from './config/check.ts'
import { disposePrepared, distillOptions, prepare, resolvePaths } from './config/prepare.ts'
import type { ConfigInput } from './config/schema.ts'
import { temporaryFolder, tinyConfig, writeTinyImages } from './testing/tiny-images.ts'

const folder = await temporaryFolder()

/** Trains a step or two; returns what each step logged, and what came out. */
async function train(change: Partial<ConfigInput>, maxSteps: number) {
  const prepared = await prepare(resolvePaths(checkConfig({ ...tinyConfig, ...change }, 'test'), folder))
  const steps: Logs[] = []
  const callbacks: Callbacks = { onBatchEnd: (_, logs) => void steps.push(logs) }
  const options = distillOptions(prepared)
  const result = await distill({ ...options, data: { train: options.data.train }, maxSteps, callbacks })
  return { steps, result, test: prepared.data.test, dispose: () => (result.dispose(), disposePrepared(prepared)) }
}

const staticLosses = { none: false, kd: { name: 'kd' }, dkd: { name: 'dkd' } } as const

const combinations = (['hard', 'none'] as const).flatMap((sharing) =>
  (['inverse', 'none'] as const).flatMap((mapping) =>
    (['none', 'orepa'] as const).flatMap((branches) =>
      (['none', 'kd', 'dkd'] as const).flatMap((loss) =>
        [1, 2, 3].map((ratio) => ({ sharing, mapping, branches, loss, ratio })),
      ),
    ),
  ),
)

describe('ablations', () => {
  beforeAll(async () => {
    await useBackend('wasm')
    await writeTinyImages(join(folder, 'images'))
    const { result, dispose } = await train({ student: { network: 'resnet8', width: 3 }, seed: 1 }, 1)
    await saveNetwork(join(folder, 'teacher'), result.student)
    dispose()
  })

  it.each(combinations)(
    'sharing $sharing, mapping $mapping, branches $branches, static loss $loss, ratio $ratio',
    async (combination) => {
      const { sharing, mapping, branches, ratio } = combination
      const loss = staticLosses[combination.loss]
      const teacher = loss && { weights: 'teacher', loss }
      const { steps, result, test, dispose } = await train(
        { teacher, dynamicTeacher: { sharing, mapping, branches, ratio } },
        2,
      )

      expect(result.steps).toBe(2)
      expect(result.outcome).toBe('stopped')
      expect(steps.flatMap((logs) => Object.values(logs)).every(Number.isFinite)).toBe(true)

      // With the mapping, both begin as the same function (law 2); without it, they are networks of their own.
      const [{ 'cross-entropy(student)': student, 'cross-entropy(dynamic-teacher)': dynamic }] = steps as [
        Record<string, number>,
      ]
      if (mapping === 'inverse') expect(dynamic).toBeCloseTo(student!, 4)
      else if (ratio > 1) expect(Math.abs(dynamic! - student!)).toBeGreaterThan(1e-4)

      const taught = Object.keys(steps[0]!).filter((name) => name.endsWith(', static-teacher)'))
      expect(taught).toEqual(
        loss ? [`${loss.name}(student, static-teacher)`, `${loss.name}(dynamic-teacher, static-teacher)`] : [],
      )

      // What is left is a plain student, whatever it was trained beside.
      const { acc: accuracy, loss: testLoss } = await evaluate(result.student, test)
      expect(result.student.network.name).toBe('resnet8-w2')
      expect(accuracy >= 0 && accuracy <= 1 && Number.isFinite(testLoss)).toBe(true)
      dispose()
    },
  )

  it('covers every combination', () => {
    expect(combinations).toHaveLength(2 * 2 * 2 * 3 * 3)
  })

  it.each([
    ['with a static teacher', { teacher: { weights: 'teacher' }, dynamicTeacher: {} }],
    ['from scratch', { dynamicTeacher: {} }],
    [
      'fine-tuning',
      {
        student: { network: 'resnet8', width: 3, weights: 'teacher' },
        dynamicTeacher: { branches: { gates: 'single' } },
      },
    ],
    ['without a dynamic teacher', { teacher: { weights: 'teacher' }, dynamicTeacher: false }],
    ['ratio 4', { dynamicTeacher: { ratio: 4, branches: 'none' } }],
    [
      'compensated gradients, balanced storage, iid noise',
      {
        dynamicTeacher: {
          parameterization: 'balanced',
          gradientScale: 'compensated',
          noise: { kind: 'iid', deviation: 1e-6 },
        },
      },
    ],
    [
      'AdamW, EMA, augmentation, accumulation',
      {
        optimizer: { name: 'adamw', learningRate: 0.001 },
        ema: {},
        accumulate: 2,
        epochs: 2,
        data: { ...tinyConfig.data, augment: { padding: 1 } },
      },
    ],
  ] satisfies [string, Partial<ConfigInput>][])('setting: %s', async (_, change) => {
    const { steps, result, dispose } = await train(change, 1)
    expect(result.outcome).toBe('stopped')
    expect(Object.values(steps[0]!).every(Number.isFinite)).toBe(true)
    dispose()
  })

  it('keeps the function of given weights when fine-tuning begins', async () => {
    const change = {
      student: { network: 'resnet8', width: 3, weights: 'teacher' },
      optimizer: { learningRate: 0 },
    } satisfies Partial<ConfigInput>
    const alone = await train(change, 1)
    const beside = await train({ ...change, dynamicTeacher: { branches: { gates: 'single' } } }, 1)
    const name = 'cross-entropy(student)'
    expect(beside.steps[0]![name]).toBeCloseTo(alone.steps[0]![name]!, 5)
    alone.dispose()
    beside.dispose()
  })
})
