import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import { freeze, unfreeze, type Network, type TensorRecord } from '@gpdjs/core'
import { tensorSource } from '@gpdjs/data'
import { fromLayersModel } from '@gpdjs/interchange'
import { inverseReparameterization, lowRank } from '@gpdjs/ir-expansion'
import { fitnet, kd } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from './distill.ts'
import type { DistillOptions } from './distill-options.ts'
import { gradientPass } from './gradient-pass.ts'
import { frozen } from './optimizers/frozen.ts'
import { adamw } from './optimizers/adamw.ts'
import { partition } from './optimizers/partition.ts'
import { sgd } from './optimizers/sgd.ts'
import { buildPipeline } from './pipeline/pipeline.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { ema } from './plugins/ema.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { initialState } from './training-state.ts'
import { drawn, tinyData, tinyNetwork, tinyTensors } from './testing.ts'

const STEM = ['conv1', 'bn1']
const SAMPLES = 24
const EPOCHS = 5
const RATE = 0.2

const values = (record: TensorRecord, wanted: (name: string) => boolean = () => true) =>
  Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => wanted(name))
      .map(([name, tensor]) => [name, Array.from(tensor.dataSync())]),
  )
const ofStem = (name: string) => STEM.includes(name.split('.')[0]!)
const ofRest = (name: string) => !ofStem(name)

/** A trained-looking student with a frozen first block, one step in each epoch. */
function base(network: Network = freeze(tinyNetwork(), STEM)): DistillOptions {
  const { parameters } = drawn(network, 3)
  return {
    student: network,
    parameters,
    data: { train: tinyData(SAMPLES) },
    optimizer: sgd({ learningRate: RATE, momentum: 0.9, weightDecay: 0.01, decay: 'all' }),
    epochs: EPOCHS,
    batchSize: SAMPLES,
    seed: 0,
  }
}

const expander = (ratio: number) => inverseReparameterization({ ratio })

beforeAll(() => useBackend('cpu'))

describe('beside plain TensorFlow.js', () => {
  /** Layers with BN between, the second convolution in a frozen block too. */
  function layersModel(frozenLayers: readonly string[]): tf.LayersModel {
    const kernel = (seed: number) => tf.initializers.heNormal({ seed })
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ name: 'conv1', filters: 3, kernelSize: 3, padding: 'same', inputShape: [6, 6, 1], kernelInitializer: kernel(1) }), // prettier-ignore
        tf.layers.batchNormalization({ name: 'bn1', momentum: 0.9 }),
        tf.layers.activation({ name: 'relu1', activation: 'relu' }),
        tf.layers.conv2d({ name: 'conv2', filters: 4, kernelSize: 3, activation: 'relu', kernelInitializer: kernel(2) }), // prettier-ignore
        tf.layers.globalAveragePooling2d({ name: 'pool' }),
        tf.layers.dense({ name: 'fc', units: 3, kernelInitializer: kernel(3) }),
      ],
    })
    for (const name of frozenLayers) model.getLayer(name).trainable = false
    return model
  }

  it.each([[['conv1', 'bn1']], [['conv2']], [['conv1', 'conv2']], [['fc']], [['bn1', 'fc']]])(
    'the same losses, weights and moments with %s frozen',
    async (names) => {
      const model = layersModel(names)
      const { network, parameters, statistics } = fromLayersModel(model)
      const { xs, ys, classes } = tinyTensors(SAMPLES)
      model.compile({
        optimizer: tf.train.sgd(RATE),
        loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
      })
      const targets = tf.oneHot(ys, classes)
      const fitted = await model.fit(xs, targets, { epochs: EPOCHS, batchSize: SAMPLES, shuffle: false })
      const run = await distill({
        student: freeze(unfreeze(network), names),
        parameters,
        statistics,
        data: { train: tensorSource({ xs, ys, classes }) },
        optimizer: sgd({ learningRate: RATE }),
        epochs: EPOCHS,
        batchSize: SAMPLES,
      })
      const losses = run.history.map(({ logs }) => logs['loss']!)
      losses.forEach((loss, i) => expect(Math.abs(loss - (fitted.history['loss']![i] as number))).toBeLessThan(1e-6))
      const trained = fromLayersModel(model)
      const [actual, expected] = [values(run.student.parameters), values(trained.parameters)]
      for (const [name, tensor] of Object.entries(expected))
        tensor.forEach((x, i) => expect(Math.abs(actual[name]![i]! - x), name).toBeLessThan(1e-6 * (1 + Math.abs(x))))
      const start = values(parameters)
      for (const name of Object.keys(start)) {
        if (names.includes(name.split('.')[0]!)) expect(actual[name], name).toEqual(start[name])
        else expect(actual[name], name).not.toEqual(start[name])
      }
      // A frozen norm still takes the moments of the batch and moves its own, there and here; PyTorch's factor n / (n − 1)
      // on the variance is ours alone. Of n values and after k steps v = 0.9ᵏ + Σ …, so the sums are in that ratio.
      const moments = values(run.student.statistics)
      values(trained.statistics)['bn1.running_mean']!.forEach((mean, i) =>
        expect(moments['bn1.running_mean']![i]).toBeCloseTo(mean, 5),
      )
      const n = SAMPLES * 36
      values(trained.statistics)['bn1.running_var']!.forEach((variance, i) =>
        expect(moments['bn1.running_var']![i]! - 0.9 ** EPOCHS).toBeCloseTo(
          ((variance - 0.9 ** EPOCHS) * n) / (n - 1),
          5,
        ),
      )
      expect(moments['bn1.running_mean']!.some((mean) => mean !== 0)).toBe(true)
    },
  )
})

describe('frozen nodes', () => {
  it.each([
    ['alone', base],
    ['with a static teacher', () => ({ ...base(), plugins: staticTeacher({ ...drawn(tinyNetwork({ width: 4 }), 9), loss: kd() }) })], // prettier-ignore
    ['with AdamW and accumulation', () => ({ ...base(), optimizer: adamw({ learningRate: 0.1, weightDecay: 0.1, decay: 'all' }), accumulate: 2, batchSize: 6 })], // prettier-ignore
    ['with a dynamic teacher of ratio 2', () => ({ ...base(), plugins: dynamicTeacher({ expander: expander(2) }) })],
    ['with a dynamic teacher of ratio 3', () => ({ ...base(), plugins: dynamicTeacher({ expander: expander(3) }) })],
    ['without sharing', () => ({ ...base(), plugins: dynamicTeacher({ expander: expander(3), sharing: 'none' }) })],
    ['of a dynamic teacher drawn by itself', () => ({ ...base(), plugins: dynamicTeacher({ expander: expander(2), sharing: 'none', mapping: 'none' }) })], // prettier-ignore
    ['with a follower', () => ({ ...base(), plugins: ema({ actor: 'mean-teacher' }) })],
  ] satisfies [string, () => DistillOptions][])(
    'keep what they were given, to the last bit: %s',
    async (_, options) => {
      const given = options()
      const start = values(given.parameters as TensorRecord)
      const run = await distill(given)
      const trained = values(run.student.parameters)
      expect(run.steps).toBeGreaterThan(1)
      for (const name of Object.keys(start)) {
        if (ofStem(name)) expect(trained[name], name).toEqual(start[name])
        else expect(trained[name], name).not.toEqual(start[name])
      }
      for (const average of Object.values(run.alternatives))
        expect(values(average.parameters, ofStem)).toEqual(values(given.parameters as TensorRecord, ofStem))
      run.dispose()
    },
  )

  it('are the same in the dynamic teacher after a run as before it, expanded copies included', async () => {
    const network = freeze(tinyNetwork({ width: 3 }), ['conv1', 'conv2'])
    const { parameters } = drawn(network, 3)
    const plan = expander(3)
    const expansion = plan.expand(network)
    const first = values(plan.teacherView(expansion, plan.lift(expansion, parameters, 0)))
    const run = await distill({ ...base(network), parameters, plugins: dynamicTeacher({ expander: plan }) })
    const teacher = run.learners['dynamic-teacher']!
    const last = values(teacher.parameters)
    for (const name of ['conv1.weight', 'conv2.weight']) expect(last[name], name).toEqual(first[name])
    for (const name of ['bn1.weight', 'bn2.bias', 'fc.weight', 'fc.bias'])
      expect(last[name], name).not.toEqual(first[name])
    // The copies of a channel differ: the noise on them is there, and stays.
    const copies = tf.split(teacher.parameters['conv2.weight']!, 3, 2).map((copy) => Array.from(copy.dataSync()))
    expect(copies[0]).not.toEqual(copies[1])
  })

  it('are trained in a dynamic teacher that is drawn by itself and shares nothing', async () => {
    const plugins = dynamicTeacher({ expander: expander(2), sharing: 'none', mapping: 'none' })
    const plan = buildPipeline({ student: freeze(tinyNetwork(), STEM), seed: 0, plugins })
    expect(Object.keys(plan.constants).sort()).toEqual([
      'student/bn1.bias',
      'student/bn1.weight',
      'student/conv1.weight',
    ])
    expect(Object.keys(plan.specs)).toContain('dynamic-teacher/conv1.weight')
  })

  it('get no adapters, which train elsewhere', async () => {
    const network = freeze(tinyNetwork(), ['fc'])
    const both = inverseReparameterization({ ratio: 1, branches: lowRank({ rank: 2 }), train: 'all' }).expand(network)
    expect(both.stored.filter(({ node }) => node === 'fc').map(({ name }) => name)).toEqual(['fc.weight', 'fc.bias'])
    expect(() =>
      inverseReparameterization({ ratio: 1, branches: lowRank({ rank: 2 }), train: 'branches' }).expand(network),
    ).toThrow(/train: 'branches': expected branches with tensors to train.*not frozen/)
  })

  it('in evaluation mode keep their moments too, in both networks', async () => {
    const network = freeze(tinyNetwork(), STEM, { mode: 'evaluation' })
    const { parameters, statistics } = drawn(network, 3)
    const moments = { ...statistics, 'bn1.running_mean': tf.tensor1d([0.5, -0.25]) }
    const plugins = [dynamicTeacher({ expander: expander(2) }), ema()]
    const run = await distill({ ...base(network), parameters, statistics: moments, plugins })
    const kept = values(moments, ofStem)
    expect(values(run.student.statistics, ofStem)).toEqual(kept)
    expect(values(run.learners['dynamic-teacher']!.statistics, ofStem)).toEqual({
      'bn1.running_mean': [0.5, -0.25, 0.5, -0.25],
      'bn1.running_var': [1, 1, 1, 1],
    })
    expect(values(run.student.statistics, ofRest)).not.toEqual(values(moments, ofRest))
  })

  it('cost no backward pass', () => {
    const kernelsOf = (student: Network) => {
      const pipeline = buildPipeline({ student, seed: 0 })
      const state = initialState(pipeline, sgd({ learningRate: 0.1 }))
      const [batch] = [...tinyData(6).batches({ batchSize: 6, seed: 0, epoch: 0, training: false })]
      const names: string[] = []
      const { state: engine } = tf.engine() as unknown as { state: { profiling: boolean; activeProfile: unknown } }
      engine.profiling = true
      engine.activeProfile = { newBytes: 0, newTensors: 0, peakBytes: 0, kernels: [], result: null }
      const { gradients } = gradientPass(pipeline, state, batch!, { 'cross-entropy(student)': 1 })
      engine.profiling = false
      const { kernels } = engine.activeProfile as { kernels: { name: string }[] }
      names.push(...kernels.map(({ name }) => name))
      const count = (kernel: string) => names.filter((name) => name === kernel).length
      return {
        gradients: Object.keys(gradients),
        ofKernels: count('Conv2DBackpropFilter'),
        ofMaps: count('Conv2DBackpropInput'),
      }
    }
    const plain = tinyNetwork({ norm: false })
    expect(kernelsOf(plain)).toMatchObject({ ofKernels: 2, ofMaps: 1 })
    expect(kernelsOf(freeze(plain, 'conv1'))).toMatchObject({ ofKernels: 1, ofMaps: 0 })
    expect(kernelsOf(freeze(plain, 'conv2'))).toMatchObject({ ofKernels: 1, ofMaps: 1 })
    expect(kernelsOf(freeze(plain, 'conv*'))).toEqual({
      gradients: ['student/fc.weight', 'student/fc.bias'],
      ofKernels: 0,
      ofMaps: 0,
    })
  })

  it('are no part of the gradient norm, of slots or of groups of partition', async () => {
    const network = freeze(tinyNetwork(), STEM)
    const pipeline = buildPipeline({ student: network, seed: 0 })
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 })
    expect(Object.keys(initialState(pipeline, optimizer).slots).some((name) => /conv1|bn1/.test(name))).toBe(false)
    const groups = (first: string) =>
      partition([
        { tensors: first, optimizer: sgd({ learningRate: 0.1 }) },
        { tensors: '*', optimizer: sgd({ learningRate: 0.01 }) },
      ])
    await expect(distill({ ...base(network), optimizer: groups('student/conv1.*') })).rejects.toMatchObject({
      code: 'config.invalid',
    })
    const run = await distill({ ...base(network), optimizer: groups('student/fc.*') })
    expect(values(run.student.parameters, ofStem)).toEqual(values(drawn(network, 3).parameters, ofStem))
  })
})

describe('a run in which nothing would move', () => {
  const all = () => freeze(tinyNetwork(), '*')
  const teacher = () => drawn(tinyNetwork({ width: 4 }), 9)
  it.each([
    ['a frozen student', () => base(all()), /Nothing would be trained: every parameter of 'student' is frozen/],
    ['a frozen student beside its dynamic teacher', () => ({ ...base(all()), plugins: dynamicTeacher({ expander: expander(2) }) }), /'student' and 'dynamic-teacher' is frozen/], // prettier-ignore
    ['heads of losses alone', () => ({ ...base(all()), plugins: staticTeacher({ ...teacher(), loss: fitnet({ student: 'features', teacher: 'features', regressor: 'pointwise' }) }) }), /'student' is frozen/], // prettier-ignore
    ['an optimizer that moves nothing', () => ({ ...base(), optimizer: partition([{ tensors: '*', optimizer: frozen() }]) }), /optimizer: expected one that moves some tensor within 5 steps/], // prettier-ignore
    ['no turn within the steps', () => ({ ...base(), optimizer: partition([{ tensors: '*', optimizer: sgd({ learningRate: 1 }), every: 20, offset: 10 }]) }), /moves some tensor/], // prettier-ignore
    ['a student that would be drawn anew', () => ({ ...base(), plugins: dynamicTeacher({ expander: expander(2), mapping: 'none' }) }), /mapping: expected 'inverse' for a student with frozen nodes.*'conv1' would be drawn anew/], // prettier-ignore
  ] satisfies [string, () => DistillOptions, RegExp][])(
    'is refused before its first step: %s',
    async (_, options, text) => {
      let steps = 0
      const given = { ...options(), callbacks: { onBatchEnd: () => void steps++ } }
      await expect(distill(given)).rejects.toMatchObject({
        code: 'config.invalid',
        message: expect.stringMatching(text) as string,
      })
      expect(steps).toBe(0)
    },
  )
})
