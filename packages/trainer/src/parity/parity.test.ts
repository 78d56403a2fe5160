import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import { predict, type Network, type TensorRecord } from '@gpdjs/core'
import { extractStudent, studentView } from '@gpdjs/cbr-reparam'
import {
  branchParameters,
  expand,
  inverseReparameterization,
  liftParameters,
  orepa,
  teacherView,
  type Expander,
} from '@gpdjs/ir-expansion'
import { dkd, softCrossEntropy } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { sgd } from '../optimizers/sgd.ts'
import { buildPipeline } from '../pipeline/pipeline.ts'
import { scopeOf } from '../scope.ts'
import { dynamicTeacher } from '../plugins/dynamic-teacher.ts'
import { staticTeacher } from '../plugins/static-teacher.ts'
import { gradientPass } from '../gradient-pass.ts'
import { trainingStep } from '../step.ts'
import { initialState, type TrainingState } from '../training-state.ts'
import { goldenNetwork } from './golden-networks.ts'
import { goldenRuns, type GoldenRun } from './golden-run.ts'
import { largestGap, plainTensors, storedTensors } from './golden-names.ts'

const NO_NOISE = { kind: 'iid', deviation: 0 } as const
const CONVOLUTIONAL = /^(channel|full|depthwise|no_static_teacher|stem_bias)_/
const ALL = /^(channel|full|depthwise|no_static_teacher|stem_bias|rvt)_/

/** A recorded run, set up again with this project's parts. */
function replay(run: GoldenRun) {
  const { settings } = run
  const network = goldenNetwork(run)
  const plain = plainTensors(
    run,
    'student/',
    network.parameters.map(({ name }) => name),
  )
  const statistics = plainTensors(
    run,
    'student/',
    network.statistics.map(({ name }) => name),
  )
  const branches =
    settings['orepa'] === 'true'
      ? orepa({ bias: true, gates: settings['from_scratch'] === 'true' ? 'scratch' : 'single' })
      : undefined
  const expansion = expand(network, { ratio: Number(settings['ratio']), ...(branches && { branches }) })
  // The branches that were drawn are the recorded ones; those that come from the kernel are our own work.
  const recorded = storedTensors(run, branches ? 'branched/' : 'student/', expansion)
  const lift = () => liftParameters(expansion, recorded, NO_NOISE, 0)
  const inverse: Expander = {
    ...inverseReparameterization({ ratio: Number(settings['ratio']) }),
    expand: () => expansion,
    lift,
    initialize: lift,
  }
  const static_ =
    settings['dkd'] === 'null'
      ? undefined
      : (JSON.parse(settings['dkd']!) as { alpha: number; beta: number; temperature: number })
  const soft = softCrossEntropy({ smoothing: settings['kd_type'] === 'sce' ? Number(settings['label_smoothing']) : 0 })
  const pipeline = buildPipeline({
    student: network,
    parameters: plain,
    statistics,
    seed: 0,
    plugins: [
      static_ && staticTeacher({ network, parameters: plain, statistics, loss: dkd(static_) }),
      dynamicTeacher({ expander: inverse, loss: soft, weight: Number(settings['kd_ratio']) }),
    ],
  })
  const optimizer = sgd({
    learningRate: Number(settings['lr']),
    momentum: Number(settings['momentum']),
    weightDecay: Number(settings['weight_decay']),
    clipGlobalNorm: Number(settings['clip_grad_norm']),
    decay: 'all',
  })
  const at = (key: string, step: number) => tf.squeeze(tf.slice(run.tensor(key), step, 1), [0])
  const batch = (step: number) => ({
    fields: { image: at('data/x', step), label: at('data/y', step) },
    ...(static_ && { known: { 'static-teacher': { outputs: { logits: at('data/teacher_logits', step) } } } }),
  })
  const weights = Object.fromEntries(pipeline.terms.map(({ name, weight }) => [name, weight as number]))
  return {
    network,
    plain,
    statistics,
    expansion,
    recorded,
    pipeline,
    optimizer,
    batch,
    weights,
    steps: run.tensor('data/x').shape[0]!,
  }
}

type Replay = ReturnType<typeof replay>

const evaluate = (network: Network, parameters: TensorRecord, statistics: TensorRecord, x: tf.Tensor) =>
  predict({ network, parameters, statistics }, x)

function logitsOf({ expansion, pipeline, batch }: Replay, state: TrainingState) {
  const stored = { ...scopeOf('dynamic-teacher', state.trainables), ...scopeOf('dynamic-teacher', pipeline.constants) }
  const x = batch(0).fields.image
  const logits = {
    student_logits: evaluate(
      expansion.student,
      studentView(expansion, stored),
      scopeOf('student', state.statistics),
      x,
    ),
    teacher_logits: evaluate(
      expansion.teacher,
      teacherView(expansion, stored),
      scopeOf('dynamic-teacher', state.statistics),
      x,
    ),
  }
  return { stored, logits }
}

const named = (run: GoldenRun, prefix: string, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, run.tensor(prefix + name)]))

/** Absolute. */
const TOLERANCE = { parameters: 1e-5, logits: 1e-4 }

/** The transformers take minutes each on plain JavaScript; `GPD_PARITY=all` runs them there too. */
const BACKENDS = [
  ['cpu', process.env['GPD_PARITY'] === 'all' ? ALL : CONVOLUTIONAL],
  ['wasm', ALL],
] as const

describe.each(BACKENDS)('parity with the authors on %s', (backend, cases) => {
  beforeAll(async () => {
    await useBackend(backend)
  })

  describe.each(goldenRuns(cases))('$name', (run) => {
    it('expands the student to the recorded tensors', () => {
      const { expansion, plain, recorded } = replay(run)
      const ours = branchParameters(expansion, plain, 0)
      const kept = Object.keys(recorded).filter(
        (name) => /(gates|origin|identity|frequency|inner|bias)$/.test(name) || !name.includes('.weight.'),
      )
      expect(kept.length).toBeGreaterThan(10)
      expect(largestGap(ours, Object.fromEntries(kept.map((name) => [name, recorded[name]!])))).toBeLessThan(1e-6)
      expect(
        largestGap(liftParameters(expansion, recorded, NO_NOISE, 0), storedTensors(run, 'teacher/', expansion)),
      ).toBeLessThan(1e-6)
    })

    it('computes the recorded logits before training', () => {
      const setup = replay(run)
      const { logits } = logitsOf(setup, initialState(setup.pipeline, setup.optimizer))
      expect(largestGap(logits, named(run, 'eval0/', ['student_logits', 'teacher_logits']))).toBeLessThan(
        TOLERANCE.logits,
      )
      const plain = evaluate(setup.network, setup.plain, setup.statistics, setup.batch(0).fields.image)
      expect(largestGap({ plain }, { plain: run.tensor('eval0/plain_logits') })).toBeLessThan(TOLERANCE.logits)
    })

    it('has the recorded gradients in the first step', () => {
      const setup = replay(run)
      const { gradients, metrics } = gradientPass(
        setup.pipeline,
        initialState(setup.pipeline, setup.optimizer),
        setup.batch(0),
        setup.weights,
      )
      const expected = storedTensors(run, 'grad0/', setup.expansion)
      expect(Object.keys(expected).length).toBeGreaterThan(10)
      expect(largestGap(scopeOf('dynamic-teacher', gradients), expected)).toBeLessThan(TOLERANCE.parameters)
      const [teacherCe, teacherDkd, studentCe, studentDkd, soft] = tf.slice(run.tensor('losses'), 0, 1).dataSync()
      const loss = (name: string) => metrics[name]?.dataSync()[0]
      const close = (name: string, value: number | undefined) =>
        expect(Math.abs(loss(name)! - value!)).toBeLessThan(1e-4)
      close('cross-entropy(dynamic-teacher)', teacherCe)
      close('cross-entropy(student)', studentCe)
      const softName = Object.keys(metrics).find((name) => /^soft/i.test(name))!
      close(softName, soft)
      if (loss('dkd(student, static-teacher)') !== undefined) {
        close('dkd(student, static-teacher)', studentDkd)
        close('dkd(dynamic-teacher, static-teacher)', teacherDkd)
      }
    })

    it('trains to the recorded parameters, logits and student', { timeout: 300_000 }, () => {
      const setup = replay(run)
      const { pipeline, optimizer, expansion, batch, weights, steps } = setup
      let state = initialState(pipeline, optimizer)
      for (let step = 0; step < steps; step++) {
        const scalars = { totalSteps: steps, weights }
        state = trainingStep(pipeline, optimizer, state, [batch(step)], scalars).state
        if (step > 0) continue
        const expected = storedTensors(run, 'step1/', expansion)
        expect(
          largestGap(
            { ...scopeOf('dynamic-teacher', pipeline.constants), ...scopeOf('dynamic-teacher', state.trainables) },
            expected,
          ),
        ).toBeLessThan(TOLERANCE.parameters)
      }
      const { stored, logits } = logitsOf(setup, state)
      expect(largestGap(stored, storedTensors(run, 'final/', expansion))).toBeLessThan(TOLERANCE.parameters)
      expect(largestGap(logits, named(run, 'evalT/', ['student_logits', 'teacher_logits']))).toBeLessThan(
        TOLERANCE.logits,
      )

      const deployed = extractStudent(expansion, stored, scopeOf('student', state.statistics))
      const names = deployed.network.parameters.map(({ name }) => name)
      const moments = deployed.network.statistics.map(({ name }) => name)
      expect(largestGap(deployed.parameters, plainTensors(run, 'deployed/', names))).toBeLessThan(TOLERANCE.parameters)
      expect(largestGap(deployed.statistics, plainTensors(run, 'deployed/', moments))).toBeLessThan(
        TOLERANCE.parameters,
      )
      const plain = evaluate(deployed.network, deployed.parameters, deployed.statistics, batch(0).fields.image)
      expect(largestGap({ plain }, { plain: run.tensor('deployed/logits') })).toBeLessThan(TOLERANCE.logits)
    })
  })
})
