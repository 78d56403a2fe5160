import * as tf from '@tensorflow/tfjs'
import { batchNorm, conv2d, dense, gelu, globalAveragePool, graph, type DistillationLoss } from '@gpdjs/core'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { dkd, kd } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { adamw } from './optimizers/adamw.ts'
import type { Optimizer } from './optimizers/optimizer.ts'
import { sgd } from './optimizers/sgd.ts'
import { buildPipeline } from './pipeline/pipeline.ts'
import type { PluginOption } from './pipeline/plugin.ts'
import type { LossTerm } from './pipeline/term.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { ema } from './plugins/ema.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { gradientPass, type TrainingBatch } from './gradient-pass.ts'
import { trainingStep } from './step.ts'
import { disposeReplaced, initialState, type TrainingState } from './training-state.ts'
import { drawn, tinyData, tinyNetwork } from './testing.ts'

const teacher = (loss: DistillationLoss) => staticTeacher({ ...drawn(tinyNetwork({ width: 4 }), 9), loss })
const expansion = (branches: boolean, ratio = 2) =>
  inverseReparameterization({ ratio, ...(branches && { branches: orepa() }) })

const COMBINATIONS: Readonly<Record<string, () => PluginOption>> = {
  'labels only': () => [],
  KD: () => teacher(kd({ temperature: 4 })),
  'DKD and EMA': () => [teacher(dkd()), ema()],
  GPD: () => [teacher(dkd()), dynamicTeacher({ expander: expansion(true) })],
  'GPD from scratch': () => dynamicTeacher({ expander: expansion(true) }),
  'GPD without branches, ratio 3': () => dynamicTeacher({ expander: expansion(false, 3) }),
  'GPD without sharing': () => dynamicTeacher({ expander: expansion(true), sharing: 'none' }),
  'GPD without mapping': () => dynamicTeacher({ expander: expansion(true), mapping: 'none' }),
  'GPD with neither, and EMA': () => [
    dynamicTeacher({ expander: expansion(false), mapping: 'none', sharing: 'none' }),
    ema(),
  ],
}

const pipelineOf = (plugins: PluginOption, norm = true) =>
  buildPipeline({ student: tinyNetwork({ norm }), seed: 3, plugins })

const OPTIMIZER = sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 })

function advance(
  pipeline: ReturnType<typeof buildPipeline>,
  optimizer: Optimizer,
  state: TrainingState,
  batches: readonly TrainingBatch[],
): TrainingState {
  const weights = Object.fromEntries(pipeline.terms.map(({ name }) => [name, 1]))
  const next = trainingStep(pipeline, optimizer, state, batches, { totalSteps: 1000, weights })
  tf.dispose(next.metrics)
  disposeReplaced(state, next.state)
  return next.state
}

const batchesOf = (batchSize: number) => [...tinyData().batches({ batchSize, seed: 0, epoch: 0, training: false })]

function largestGap(a: Readonly<Record<string, tf.Tensor>>, b: Readonly<Record<string, tf.Tensor>>): number {
  expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort())
  return Math.max(...Object.keys(a).map((name) => tf.max(tf.abs(tf.sub(a[name]!, b[name]!))).dataSync()[0]!))
}

/** Without ReLU, whose kinks make differences inexact. */
function smoothNetwork() {
  const g = graph({ name: 'smooth', inputShape: [6, 6, 1] })
  const layer = (x: string, i: number) =>
    g.add(`gelu${i}`, gelu(), g.add(`bn${i}`, batchNorm(), g.add(`conv${i}`, conv2d({ filters: 2, kernelSize: 3 }), x)))
  return g.build(g.add('fc', dense({ units: 3 }), g.add('pool', globalAveragePool(), layer(layer('image', 1), 2))))
}

/**
 * The loss as a function of the trained tensors, with the teacher's side of each distillation term held constant at
 * `state`. Its derivative is what the trainer computes, which cuts that side off from the tape.
 */
function lossWithConstantTeachers(
  pipeline: ReturnType<typeof buildPipeline>,
  state: TrainingState,
  batch: TrainingBatch,
  weights: Readonly<Record<string, number>>,
): (trainables: TrainingState['trainables']) => number {
  const held = new Map<string, tf.Tensor>()
  const holding = pipeline.terms.map((term): LossTerm => {
    if (term.passes['teacher'] === undefined) return term
    const compute: LossTerm['compute'] = (outputs, context) => {
      const { logits } = outputs['teacher']!
      const constant = held.get(term.name) ?? tf.keep(tf.clone(logits))
      held.set(term.name, constant)
      return term.compute({ ...outputs, teacher: { ...outputs['teacher']!, logits: constant as tf.Tensor2D } }, context)
    }
    return { ...term, compute }
  })
  const loss = (trainables: TrainingState['trainables']) =>
    gradientPass({ ...pipeline, terms: holding }, { ...state, trainables }, batch, weights).metrics[
      'loss'
    ]!.dataSync()[0]!
  loss(state.trainables)
  return loss
}

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('trainingStep', () => {
  it.each(Object.entries(COMBINATIONS))('leaks nothing in 200 steps: %s', (_, plugins) => {
    const pipeline = pipelineOf(plugins())
    const [batch] = batchesOf(6)
    let state = advance(pipeline, OPTIMIZER, initialState(pipeline, OPTIMIZER), [batch!])
    const { numTensors, numDataBuffers } = tf.memory()
    for (let step = 1; step < 200; step++) state = advance(pipeline, OPTIMIZER, state, [batch!])
    expect(tf.memory().numTensors).toBe(numTensors)
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers)
    expect(state.step).toBe(200)
  })

  it('leaks nothing while it accumulates, with AdamW', () => {
    const pipeline = pipelineOf(COMBINATIONS['GPD']!())
    const optimizer = adamw({ learningRate: 0.01 })
    const batches = batchesOf(8)
    let state = advance(pipeline, optimizer, initialState(pipeline, optimizer), batches)
    const { numTensors } = tf.memory()
    for (let step = 1; step < 50; step++) state = advance(pipeline, optimizer, state, batches)
    expect(tf.memory().numTensors).toBe(numTensors)
  })

  it('is pure: the same state and batch give the same next state, and are left as they were', () => {
    const pipeline = pipelineOf(COMBINATIONS['GPD']!())
    const [batch] = batchesOf(6)
    const state = initialState(pipeline, OPTIMIZER)
    const before = Object.fromEntries(Object.entries(state.trainables).map(([name, tensor]) => [name, tensor.clone()]))
    const scalars = { totalSteps: 1000, weights: Object.fromEntries(pipeline.terms.map(({ name }) => [name, 1])) }
    const [first, second] = [0, 1].map(() => trainingStep(pipeline, OPTIMIZER, state, [batch!], scalars).state)
    expect(largestGap(first!.trainables, second!.trainables)).toBe(0)
    expect(largestGap(state.trainables, before)).toBe(0)
    expect(largestGap(first!.trainables, before)).toBeGreaterThan(0)
  })

  it('accumulates to the update of one large batch, where no batch norm ties images together', () => {
    const pipeline = pipelineOf([], false)
    const start = initialState(pipeline, OPTIMIZER)
    const scalars = { totalSteps: 1000, weights: { 'cross-entropy(student)': 1 } }
    const whole = trainingStep(pipeline, OPTIMIZER, start, batchesOf(24), scalars)
    const parts = trainingStep(pipeline, OPTIMIZER, start, batchesOf(6), scalars)
    expect(largestGap(parts.state.trainables, whole.state.trainables)).toBeLessThan(1e-6)
    expect(parts.metrics['loss']!.dataSync()[0]).toBeCloseTo(whole.metrics['loss']!.dataSync()[0]!, 5)
  })

  it('has the gradient of finite differences through both views of the shared tensors', () => {
    // A loss that does not itself cut off the teacher's side.
    const squares: DistillationLoss = {
      name: 'squares',
      compute: ({ student, teacher: { logits } }) => tf.mean(tf.squaredDifference(student.logits, logits), 1),
    }
    // Without mapping the two networks differ from the start, so that no difference of logits is 0.
    const dynamic = dynamicTeacher({ expander: expansion(true), loss: squares, mapping: 'none' })
    const plugins = [teacher(dkd()), dynamic]
    const pipeline = buildPipeline({ student: smoothNetwork(), seed: 3, plugins })
    const state = initialState(pipeline, OPTIMIZER)
    const [batch] = batchesOf(12)
    const weights = Object.fromEntries(pipeline.terms.map(({ name }, i) => [name, 0.5 + i / 4]))
    const { gradients } = gradientPass(pipeline, state, batch!, weights)
    const loss = lossWithConstantTeachers(pipeline, state, batch!, weights)
    const compared = Object.entries(gradients).filter(([name, gradient]) => {
      const squared = tf.sum(tf.square(gradient)).dataSync()[0]!
      // The loss has a rounding error of about 1e-6, so smaller slopes cannot be measured to 1 %.
      if (squared < 1e-4) return false
      const moved = (h: number) =>
        loss({ ...state.trainables, [name]: tf.add(state.trainables[name]!, tf.mul(gradient, h)) })
      const h = 0.02 / Math.sqrt(squared)
      expect(Math.abs((moved(h) - moved(-h)) / (2 * h) / squared - 1), name).toBeLessThan(0.01)
      return true
    })
    expect(Object.keys(state.trainables)).toHaveLength(24)
    expect(compared.length).toBeGreaterThanOrEqual(22)
  })

  it('multiplies each term by its weight', () => {
    const pipeline = pipelineOf(COMBINATIONS['GPD']!())
    const state = initialState(pipeline, OPTIMIZER)
    const weights = Object.fromEntries(pipeline.terms.map(({ name }, i) => [name, 0.5 + i]))
    const { metrics } = gradientPass(pipeline, state, batchesOf(6)[0]!, weights)
    const sum = pipeline.terms.reduce((total, { name }) => total + weights[name]! * metrics[name]!.dataSync()[0]!, 0)
    expect(metrics['loss']!.dataSync()[0]).toBeCloseTo(sum, 4)
    expect(pipeline.terms.map(({ name }) => name)).toEqual([
      'cross-entropy(student)',
      'cross-entropy(dynamic-teacher)',
      'dkd(student, static-teacher)',
      'dkd(dynamic-teacher, static-teacher)',
      'soft-cross-entropy(student, dynamic-teacher)',
    ])
  })
})
