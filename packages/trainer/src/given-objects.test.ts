/** Objects and single arguments that users give: a mistyped member is refused, and a value of another type too. */
import * as tf from '@tensorflow/tfjs'
import { isGpdError, type DistillationLoss, type Task } from '@gpdjs/core'
import { channelBranchReparameterization, studentView } from '@gpdjs/cbr-reparam'
import { inverseReparameterization, orepa, teacherView } from '@gpdjs/ir-expansion'
import { kd, published, standardized } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  asPublished,
  buildPipeline,
  chain,
  classification,
  clip,
  combineCallbacks,
  cosine,
  distill,
  distillationTerm,
  dynamicTeacher,
  ema,
  evaluate,
  linear,
  metricsFile,
  multiStep,
  partition,
  sgd,
  staticTeacher,
  stepDecay,
  warmUp,
  type DistillOptions,
  type LossTerm,
  type Plugin,
  type RunSetup,
} from './index.ts'
import { drawn, tinyData, tinyNetwork } from './testing.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const nothing = () => undefined
const source = tinyData()

const run = (given: object) => () =>
  distill({
    student: tinyNetwork(),
    data: { train: source },
    optimizer: sgd({ learningRate: 0.1 }),
    epochs: 1,
    batchSize: 12,
    ...given,
  } as DistillOptions)

/** A run with a plugin that does one thing while the run is put together. */
const setup = (change: (run: RunSetup) => void) =>
  run({ plugins: { name: 'mine', specVersion: 1, connect: change } satisfies Plugin })

const loss = (given: object) => ({ ...kd(), ...given }) as DistillationLoss
const teacher = () => drawn(tinyNetwork(), 5)
const task = (given: object) => ({ ...classification(), ...given }) as Task
const edge = { student: 'student', teacher: 'student', loss: kd(), weight: 1 } as const
const term: LossTerm = {
  name: 'mine',
  weight: 1,
  passes: { student: { actor: 'student' } },
  compute: () => tf.scalar(0),
}
const actor = () => ({ ...teacher(), name: 'peer', role: 'frozen' as const, parameters: (all: object) => all })
const expander = () => inverseReparameterization({ ratio: 2 })

async function errorOf(call: () => unknown): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await call()
  } catch (error) {
    if (isGpdError(error)) return error
    throw error
  }
  throw new Error('It was accepted.')
}

describe('a mistyped member is refused with the nearest name', () => {
  it.each<[what: string, call: () => unknown, mistyped: string, meant: string]>([
    ['callbacks', run({ callbacks: { onEpohEnd: nothing } }), 'callbacks.onEpohEnd', 'onEpochEnd'],
    ['a list of callbacks', run({ callbacks: [{}, { onBatchBegin: nothing }] }), 'callbacks.1.onBatchBegin', 'onEpochBegin'], // prettier-ignore
    ['combined callbacks', () => combineCallbacks([{ onTrainBegn: nothing } as object]), 'callbacks.0.onTrainBegn', 'onTrainBegin'], // prettier-ignore
    ['a plugin', run({ plugins: { name: 'mine', specVersion: 1, setpu: nothing } }), 'mine.setpu', 'setup'],
    ['a nested plugin', run({ plugins: [[{ ...ema(), conect: nothing }]] }), 'ema.conect', 'connect'],
    ['data', run({ data: { train: source, val: source } }), 'data.val', 'validation'],
    ['a source', run({ data: { train: { ...source, varing: true } } }), 'data.train.varing', 'varying'],
    ['a task', run({ task: task({ weighRows: true }) }), 'task.weighRows', 'weighsRows'],
    ['an objective', run({ task: task({ objective: { ...classification().objective, wieght: 2 } }) }), 'task.objective.wieght', 'weight'], // prettier-ignore
    ['a judge', run({ task: task({ judge: { metric: 'acc', gaol: 'max' } }) }), 'task.judge.gaol', 'goal'],
    ['an optimizer', run({ optimizer: { ...sgd({ learningRate: 1 }), movse: nothing } }), 'optimizer.movse', 'moves'],
    ['a loss', () => staticTeacher({ ...teacher(), loss: loss({ tap: { student: ['pool'] } }) }), 'loss.tap', 'taps'],
    ['taps of a loss', () => dynamicTeacher({ expander: expander(), loss: loss({ taps: { studnet: [] } }) }), 'loss.taps.studnet', 'student'], // prettier-ignore
    [
      'an expander',
      () => dynamicTeacher({ expander: { ...expander(), lfit: nothing } as never }),
      'expander.lfit',
      'lift',
    ],
    ['an extractor', () => dynamicTeacher({ expander: expander(), extractor: { ...channelBranchReparameterization(), studentVew: nothing } as never }), 'extractor.studentVew', 'studentView'], // prettier-ignore
    ['a set of branches', () => inverseReparameterization({ ratio: 2, branches: { ...orepa(), factor: nothing } as never }), 'branches.factor', 'factors'], // prettier-ignore
    ['a transform', () => chain({ ...clip(1), tranform: nothing } as never, sgd({ learningRate: 1 })), 'part 1.tranform', 'transform'], // prettier-ignore
    ['a group', () => partition([{ tensor: '*', optimizer: sgd({ learningRate: 1 }) } as never]), 'tensor', 'tensors'],
    ['an actor', setup((r) => r.addActor({ ...actor(), rle: 'frozen' } as never)), 'actor.rle', 'role'],
    ['a store', setup((r) => r.addTensors({ name: 'a', tensors: {}, specs: [], spec: [] } as never)), 'store.spec', 'specs'], // prettier-ignore
    ['a term', setup((r) => r.addTerm({ ...term, feilds: [] } as never)), 'term.feilds', 'fields'],
    ['a pass', setup((r) => r.addTerm({ ...term, passes: { student: { actor: 'student', tap: [] } } } as never)), 'term.passes.student.tap', 'taps'], // prettier-ignore
    ['an edge', setup((r) => r.addDistillation({ ...edge, stopGradeint: 'none' } as never)), 'edge.stopGradeint', 'stopGradient'], // prettier-ignore
    ['views of an edge', setup((r) => r.addDistillation({ ...edge, on: { studnet: 'a' } } as never)), 'edge.on.studnet', 'student'], // prettier-ignore
    ['a term of an edge', () => distillationTerm({ ...edge, row: nothing } as never), 'edge.row', 'rows'],
    ['a view', setup((r) => r.addView({ name: 'a', inputs: ['image'], make: nothing, moment: 'own' } as never)), 'view.moment', 'moments'], // prettier-ignore
    ['a state', setup((r) => r.addState({ name: 'a', init: nothing, update: nothing, alternatve: nothing } as never)), 'state.alternatve', 'alternative'], // prettier-ignore
    ['another student', setup((r) => r.replaceStudent({ netwrk: tinyNetwork() } as never)), 'change.netwrk', 'network'],
    ['a pipeline', () => buildPipeline({ student: tinyNetwork(), seed: 1, plugin: [] } as never), 'plugin', 'plugins'],
  ])('%s', async (_, call, mistyped, meant) => {
    const { code, message } = await errorOf(call)
    expect(code).toBe('config.unknown-key')
    expect(message).toContain(`'${mistyped}'. Did you mean '${meant}'?`)
  })
})

describe('a value that does not fit is refused by its name', () => {
  it.each<[call: () => unknown, message: string]>([
    [run({ callbacks: { onEpochEnd: 'log' } }), 'distill: callbacks.onEpochEnd: expected a function, got "log".'],
    [run({ callbacks: nothing }), 'distill: callbacks: expected callbacks such as { onEpochEnd } or a list, got a function.'], // prettier-ignore
    [run({ data: source }), "distill: unknown option 'data.size'."],
    [run({ data: { train: [source] } }), 'distill: data.train: expected a source such as imageSource(set)'],
    [run({ optimizer: sgd }), 'distill: optimizer: expected an optimizer such as sgd({ learningRate: 0.1 }), tf.train.adam(1e-3) or a name such as \'adam\', got a function.'], // prettier-ignore
    [run({ parameters: { 'fc.weight': [1, 2] } }), 'distill: parameters.fc.weight: expected a tensor, got [1, 2].'],
    [run({ task: classification }), 'distill: task: expected a task such as classification(), got a function.'],
    [run({ task: task({ judge: { metric: 'acc', goal: 'maximum' } }) }), 'distill: task.judge.goal: expected "max" or "min"'], // prettier-ignore
    [run({ plugins: [{ ...ema(), setup: {} }] }), 'plugins: ema.setup: expected a function'],
    [() => staticTeacher({ ...teacher(), loss: kd as never }), 'staticTeacher: loss: expected a list of { loss, weight } or a loss such as kd(), got a function.'], // prettier-ignore
    [() => staticTeacher({ ...teacher(), loss: [kd()] as never }), "staticTeacher: unknown option 'loss.0.name'."],
    [() => staticTeacher({ ...teacher(), loss: kd(), weight: '1' as never }), 'staticTeacher: weight: expected a finite number or a function, got "1".'], // prettier-ignore
    [setup((r) => r.addDistillation({ ...edge, stopGradient: 'techer' } as never)), "Did you mean 'teacher'?"],
    [setup((r) => r.addActor({ ...actor(), role: 'frosen' } as never)), "Did you mean 'frozen'?"],
    [setup((r) => r.addView({ name: 'a', inputs: ['image'], make: nothing, moments: 'onw' } as never)), "Did you mean 'own'?"], // prettier-ignore
    [() => sgd(0.1 as never), 'sgd: expected an object, got 0.1.'],
    [() => chain(clip(1) as never), 'chain: the last part: expected an optimizer'],
    [() => chain(sgd({ learningRate: 1 }) as never, sgd({ learningRate: 1 })), 'chain: part 1: expected a transform of gradients such as clip(5)'], // prettier-ignore
    [() => clip('5' as never), 'clip: limit: expected a number above 0, got "5".'],
    [() => partition({ tensors: '*' } as never), 'partition: groups: expected a list of { tensors, optimizer }'],
    [() => cosine('0.1' as never), 'cosine: start: expected a finite number, got "0.1".'],
    [() => cosine({ start: 0.1 } as never), 'cosine: start: expected a finite number, got { start }.'],
    [() => linear(1, undefined as never), 'linear: end: expected a finite number, got nothing.'],
    [() => multiStep(NaN, { milestones: [0.5] }), 'multiStep: start: expected a finite number, got NaN.'],
    [() => stepDecay(Infinity, { every: 0.5 }), 'stepDecay: start: expected a finite number'],
    [() => warmUp('0.1' as never, { steps: 5 }), 'warmUp: schedule: expected a finite number or a function'],
    [
      () => asPublished('dkd' as never, teacher()),
      'asPublished: setting: expected a setting such as published(…), got "dkd".',
    ],
    [() => standardized(kd as never), 'standardized: loss: expected a loss such as kd(), got a function.'],
    [() => metricsFile({ path: 'a' } as never), 'metricsFile: path: expected a text'],
    [() => combineCallbacks({ onEpochEnd: nothing } as never), 'combineCallbacks: callbacks: expected a list'],
    [
      () => evaluate(tinyNetwork() as never, source),
      'evaluate: expected a model { network, parameters, statistics } or a tf.LayersModel',
    ],
    [() => evaluate(teacher(), source.fields as never), 'evaluate: data: expected a source such as imageSource(set)'],
    [() => studentView(expander().expand(tinyNetwork()), {}, 'compensate' as never), "Did you mean 'compensated'?"],
    [() => teacherView(expander().expand(tinyNetwork()), {}, 64 as never), 'teacherView: expected an object, got 64.'],
    [() => orepa({ variants: 'original' } as never), "orepa: unknown option 'variants'. Did you mean 'variant'?"],
    [() => published('dkd', 'cifar100', { options: { dkd: { temprature: 2 } } }), "Did you mean 'temperature'?"],
    [() => published('dkd', 'cifar100', { options: { dkdd: {} } }), "Did you mean 'dkd'?"],
    [() => published('dkd', 'cifr100' as never), "Did you mean 'cifar100'?"],
  ])('%o: %s', async (call, message) => {
    const error = await errorOf(call)
    expect(error.code).toMatch(/^config\./)
    expect(error.message).toContain(message)
  })
})

it('objects of classes keep their this, and members of their own', async () => {
  class Counter {
    epochs = 0
    onEpochEnd() {
      this.epochs++
    }
  }
  const counter = new Counter()
  const before = tf.memory().numTensors
  const { dispose, outcome } = await run({ callbacks: counter })()
  dispose()
  expect([outcome, counter.epochs]).toEqual(['completed', 1])
  expect(tf.memory().numTensors).toBe(before)
})
