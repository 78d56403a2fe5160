import * as tf from '@tensorflow/tfjs'
import {
  conv2d,
  dense,
  dropout,
  fixedAxis,
  globalAveragePool,
  graph,
  predict,
  type DistillationLoss,
} from '@gpdjs/core'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { dkd, kd } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from './distill.ts'
import type { DistillOptions } from './distill-options.ts'
import type { Logs } from './callbacks.ts'
import { adamw } from './optimizers/adamw.ts'
import { sgd } from './optimizers/sgd.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { ema } from './plugins/ema.ts'
import type { Plugin } from './pipeline/plugin.ts'
import { scopeOf } from './scope.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { cosine } from './schedule.ts'
import { classification } from './tasks/classification.ts'
import { tensorSource } from '@gpdjs/data'
import { drawn, tinyData, tinyNetwork, tinyTensors } from './testing.ts'

const optimizer = sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 })
const base = (): DistillOptions => ({
  student: tinyNetwork(),
  data: { train: tinyData(24), validation: tinyData(15, 3, 2) },
  optimizer,
  epochs: 3,
  batchSize: 8,
  seed: 0,
})
const gpd = () => dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) })
const values = (record: Readonly<Record<string, tf.Tensor>>) =>
  Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]))

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('distill', () => {
  it('learns, and returns a plain student with the measured accuracy', async () => {
    const run = await distill({ ...base(), epochs: 12, plugins: gpd() })
    const losses = run.history.map(({ logs }) => logs['cross-entropy(student)']!)
    expect(losses.at(-1)!).toBeLessThan(0.6 * losses[0]!)
    expect(run.outcome).toBe('completed')
    expect(run.steps).toBe(36)
    const last = run.history.at(-1)!.logs
    expect(last['val_acc']).toBeGreaterThan(0.6)
    expect(last['val_gap/dynamic-teacher']).toBeCloseTo(last['val_acc/dynamic-teacher']! - last['val_acc']!, 6)
    expect(Object.keys(run.student.parameters).sort()).toEqual(
      tinyNetwork()
        .parameters.map(({ name }) => name)
        .sort(),
    )
    expect(Object.keys(run.learners)).toEqual(['student', 'dynamic-teacher'])
    expect(run.best!.metric).toBe('acc')
    expect(run.best!.value).toBe(Math.max(...run.history.map(({ logs }) => logs['val_acc']!)))
  })

  it('gives the same student for the same seed, and another for another', async () => {
    const train = (seed: number) => distill({ ...base(), seed, plugins: [gpd(), ema()] })
    const [a, b, c] = [await train(0), await train(0), await train(1)]
    expect(values(a.student.parameters)).toEqual(values(b.student.parameters))
    expect(values(a.alternatives['ema']!.parameters)).toEqual(values(b.alternatives['ema']!.parameters))
    expect(values(a.student.parameters)).not.toEqual(values(c.student.parameters))
  })

  it('leaves no tensors behind once its result is disposed of', async () => {
    const options = base()
    const teacher = drawn(tinyNetwork({ width: 4 }), 1)
    const before = tf.memory().numTensors
    const run = await distill({ ...options, plugins: [staticTeacher({ ...teacher, loss: dkd() }), gpd(), ema()] })
    run.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('computes a static teacher once per image if its logits are cached, with the same result', async () => {
    const teacher = drawn(tinyNetwork({ width: 4 }), 1)
    const train = (cache: boolean) =>
      distill({ ...base(), plugins: staticTeacher({ ...teacher, loss: kd({ temperature: 2 }), cache }) })
    const [remembered, computed] = [await train(true), await train(false)]
    expect(values(remembered.student.parameters)).toEqual(values(computed.student.parameters))
  })

  it('gives a static teacher images normalized as in its own training', async () => {
    const { xs, ys } = tinyTensors()
    const teacher = drawn(tinyNetwork({ width: 4 }), 1)
    const [data, known] = [
      { mean: [0.5], deviation: [2] },
      { mean: [-1], deviation: [0.5] },
    ]
    const seen: number[][] = []
    const spy: DistillationLoss = {
      name: 'spy',
      compute({ teacher: { logits } }) {
        seen.push(Array.from(logits.dataSync()))
        return tf.scalar(0)
      },
    }
    const source = tensorSource({ xs, ys, classes: 3 })
    const normalization = { data, teacher: known }
    const options = { ...base(), data: { train: source }, epochs: 1, batchSize: 6, maxSteps: 1 }
    for (const cache of [true, false])
      await distill({ ...options, plugins: staticTeacher({ ...teacher, loss: spy, normalization, cache }) })
    const [batch] = [...source.batches({ batchSize: 6, seed: 0, epoch: 0, training: true })]
    const asKnown = tf.div(tf.sub(tf.add(tf.mul(batch!.fields['image']!, 2), 0.5), -1), 0.5)
    const logits = predict(teacher, asKnown)
    for (const found of seen)
      Array.from(logits.dataSync()).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4))
    expect(seen).toHaveLength(2)
  })

  it('starts from given weights and leaves them alone', async () => {
    const { network, ...given } = drawn(tinyNetwork(), 5)
    const before = values(given.parameters)
    const run = await distill({
      ...base(),
      ...given,
      student: network,
      maxSteps: 1,
      optimizer: sgd({ learningRate: 0 }),
      plugins: dynamicTeacher({
        expander: inverseReparameterization({ ratio: 2, branches: orepa({ gates: 'single' }) }),
      }),
    })
    expect(values(run.student.parameters)).toEqual(before)
    expect(values(given.parameters)).toEqual(before)
    expect(run.outcome).toBe('stopped')
  })

  it('stops before a step whose loss is not finite, and keeps what was reached', async () => {
    let calls = 0
    const broken: DistillationLoss = {
      name: 'broken',
      compute: ({ student }) => tf.mul(tf.sum(student.logits), ++calls > 4 ? Number.NaN : 0) as tf.Scalar,
    }
    const run = await distill({ ...base(), plugins: staticTeacher({ ...drawn(tinyNetwork(), 1), loss: broken }) })
    expect(run.outcome).toBe('diverged')
    expect(run.problem).toMatch(/broken\(student, static-teacher\).*not finite at step 4/)
    expect(run.steps).toBe(4)
    expect(Object.values(values(run.student.parameters)).flat().every(Number.isFinite)).toBe(true)
  })

  it('keeps the student that the task judges best, and stops once it has not become better for a while', async () => {
    const { measure, ...plain } = classification()
    const values = [0.5, 0.7, 0.6, 0.7, 0.1, 0.9]
    const scripted = (goal: 'max' | 'min') => {
      let evaluations = 0
      const evaluate = () => Promise.resolve({ acc: values[evaluations++]!, loss: 0 })
      return { ...plain, measure, evaluate, judge: { metric: 'acc', goal } as const }
    }
    const train = (goal: 'max' | 'min', patience?: number) =>
      distill({ ...base(), epochs: 6, task: scripted(goal), ...(patience && { patience }) })
    const whole = await train('max')
    expect([whole.best!.epoch, whole.best!.value, whole.outcome, whole.history.length]).toEqual([
      5,
      0.9,
      'completed',
      6,
    ])
    const early = await train('max', 3)
    expect([early.best!.epoch, early.best!.value, early.outcome, early.history.length]).toEqual([1, 0.7, 'stopped', 5])
    const least = await train('min', 3)
    expect([least.best!.epoch, least.best!.metric, least.history.length]).toEqual([0, 'acc', 4])
    await expect(distill({ ...base(), data: { train: tinyData(24) }, patience: 2 })).rejects.toThrow(
      /patience.*validation/,
    )
  })

  it('hands out a student that is bit for bit the one it was trained as: law 4', async () => {
    const xs = tf.reshape(tf.linspace(-1, 1, 72), [2, 6, 6, 1])
    const seen: number[][] = []
    /** The student by its view of the shared tensors, in evaluation mode, as it is before each step. */
    const watching: Plugin = {
      name: 'watching',
      specVersion: 1,
      connect(run) {
        run.addTerm({
          name: 'watching',
          weight: 0,
          passes: { student: { actor: 'student' } },
          compute(_, { tensors, statistics }) {
            const { network, parameters } = run.student
            const model = { network, parameters: parameters(tensors), statistics: scopeOf('student', statistics) }
            seen.push([...predict(model, xs).dataSync()])
            return tf.scalar(0)
          },
        })
      },
    }
    const teacher = drawn(tinyNetwork({ width: 4 }), 1)
    const train = (maxSteps: number) =>
      distill({ ...base(), maxSteps, plugins: [watching, staticTeacher({ ...teacher, loss: dkd() }), gpd(), ema()] })
    await train(6)
    const run = await train(5)
    expect(new Set(seen.slice(0, 6).map(String)).size).toBe(6)
    expect([...predict(run.student, xs).dataSync()]).toEqual(seen[5])
    expect(run.learners['student']).toBe(run.student)
  })

  it('stops when its signal is aborted', async () => {
    const controller = new AbortController()
    const run = await distill({
      ...base(),
      signal: controller.signal,
      callbacks: { onBatchEnd: (step) => void (step === 2 && controller.abort()) },
    })
    expect(run.outcome).toBe('aborted')
    expect(run.steps).toBe(2)
  })

  it('gives callbacks the logs that tfjs users expect', async () => {
    const seen: string[] = []
    let logs: Logs = {}
    await distill({
      ...base(),
      epochs: 1,
      plugins: gpd(),
      callbacks: {
        onTrainBegin: ({ totalSteps }) => void seen.push(`begin ${totalSteps}`),
        onEpochBegin: (epoch) => void seen.push(`epoch ${epoch}`),
        onBatchEnd: (step) => void seen.push(`step ${step}`),
        onEpochEnd: (_, end) => void (logs = end),
        onTrainEnd: () => void seen.push('end'),
      },
    })
    expect(seen).toEqual(['begin 3', 'epoch 0', 'step 1', 'step 2', 'step 3', 'end'])
    for (const key of [
      'loss',
      'acc',
      'val_acc',
      'val_loss',
      'val_acc/dynamic-teacher',
      'val_gap/dynamic-teacher',
      'learning-rate',
      'gradient-norm',
      'samples-per-second',
      'acc/dynamic-teacher',
      'cross-entropy(student)',
    ]) {
      expect(logs).toHaveProperty([key])
    }
  })

  it('trains the heads of a loss, moves its memory, and leaves both out of the student', async () => {
    const seen: { head: number[]; memory: number[] }[] = []
    const projected: DistillationLoss = {
      name: 'projected',
      fields: ['index'],
      taps: { student: ['features'], teacher: ['features'] },
      prepare: ({ student, teacher }) => ({
        heads: [
          {
            name: 'project',
            node: 'project',
            shape: [student['features']![2]!, teacher['features']![2]!],
            axes: [2, 4].map(fixedAxis),
            initializer: { kind: 'constant', value: 0.1 },
            decay: true,
          },
        ],
        memory: { mean: tf.zeros([4]) },
      }),
      compute({ student, teacher, heads, memory, remember, fields }) {
        expect(fields['index']!.shape).toEqual([8])
        seen.push({ head: Array.from(heads!['project']!.dataSync()), memory: Array.from(memory!['mean']!.dataSync()) })
        const pooled = (x: tf.Tensor) => tf.mean(x, [1, 2])
        remember!('mean', tf.add(memory!['mean']!, 1))
        return tf.losses.meanSquaredError(
          pooled(teacher.taps['features']!),
          tf.matMul(pooled(student.taps['features']!), heads!['project']!),
        ) as tf.Scalar
      },
    }
    const options = base()
    const teacher = drawn(tinyNetwork({ width: 4 }), 1)
    const mine = tf.memory().numTensors
    const run = await distill({ ...options, plugins: [staticTeacher({ ...teacher, loss: projected }), ema()] })
    expect(seen[1]!.head).not.toEqual(seen[0]!.head)
    expect(seen.map(({ memory }) => memory[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(Object.keys(run.student.parameters).some((name) => name.includes('project'))).toBe(false)
    run.dispose()
    expect(tf.memory().numTensors).toBe(mine)
  })

  it('replays dropout from the seed', async () => {
    const g = graph({ name: 'dropping', inputShape: [6, 6, 1] })
    const x = g.add(
      'drop',
      dropout({ rate: 0.5 }),
      g.add('pool', globalAveragePool(), g.add('conv', conv2d({ filters: 4, kernelSize: 3 }), 'image')),
    )
    const student = g.build(g.add('fc', dense({ units: 3 }), x))
    const train = () => distill({ ...base(), student, optimizer: adamw({ learningRate: 0.01 }) })
    const [a, b] = [await train(), await train()]
    expect(values(a.student.parameters)).toEqual(values(b.student.parameters))
  })

  it.each<[string, () => Partial<DistillOptions>, RegExp]>([
    [
      'a teacher with other classes',
      () => ({ plugins: staticTeacher({ ...drawn(tinyNetwork({ classes: 4 }), 1), loss: kd() }) }),
      /'static-teacher' has 4 classes, the student 3/,
    ],
    [
      'data with other classes',
      () => ({ data: { train: tinyData(24, 2) } }),
      /train data has 2 classes, the student 3/,
    ],
    [
      'a label that is no class',
      () => ({
        data: {
          train: tensorSource({ ...tinyTensors(24), ys: tf.tensor1d([...Array<number>(23).fill(0), 3], 'int32') }),
        },
      }),
      /expected labels 0 … 2, got 3 at index 23/,
    ],
    [
      'a label below 0 in the validation set',
      () => ({
        data: {
          train: tinyData(24),
          validation: tensorSource({ ...tinyTensors(3), ys: tf.tensor1d([0, -1, 2], 'int32') }),
        },
      }),
      /got -1 at index 1/,
    ],
    ['a batch larger than the set', () => ({ batchSize: 100 }), /24 training samples make no step/],
    [
      'a ratio that is no integer',
      () => ({ plugins: dynamicTeacher({ expander: inverseReparameterization({ ratio: 1.5 }) }) }),
      /ratio: expected a whole number of at least 1, got 1.5/,
    ],
    [
      'a ratio of zero',
      () => ({ plugins: dynamicTeacher({ expander: inverseReparameterization({ ratio: 0 }) }) }),
      /a whole number of at least 1, got 0/,
    ],
    ['two plugins of one name', () => ({ plugins: [gpd(), gpd()] }), /'dynamic-teacher' is there twice/],
    ['a factory that was not called', () => ({ plugins: [ema as never] }), /forget to call the factory/],
    [
      'a loss on a tap that is not there',
      () => ({
        plugins: staticTeacher({ ...drawn(tinyNetwork(), 1), loss: { ...kd(), taps: { student: ['featurs'] } } }),
      }),
      /no tap 'featurs'.*features/,
    ],
    [
      'weights of another network',
      () => ({ parameters: drawn(tinyNetwork({ width: 3 }), 1).parameters }),
      /expected 'conv1.weight' of shape \[3, 3, 1, 2\], got \[3, 3, 1, 3\]/,
    ],
    ['no epochs', () => ({ epochs: 0 }), /epochs: expected a whole number of at least 1/],
  ])('refuses %s before training', async (_, options, message) => {
    await expect((async () => distill({ ...base(), ...options() }))()).rejects.toThrow(message)
  })
})
