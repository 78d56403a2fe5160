import * as tf from '@tensorflow/tfjs'
import { predict } from '@gpdjs/core'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { kd, kdLoss } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from '../distill.ts'
import { sgd } from '../optimizers/sgd.ts'
import { buildPipeline } from '../pipeline/pipeline.ts'
import type { Plugin } from '../pipeline/plugin.ts'
import { linear } from '../schedule.ts'
import { trainingStep } from '../step.ts'
import { tinyData, tinyNetwork } from '../testing.ts'
import { initialState, type TrainingState } from '../training-state.ts'
import { dynamicTeacher } from './dynamic-teacher.ts'
import { ema } from './ema.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const optimizer = sgd({ learningRate: 0.1 })
const values = (x: tf.Tensor) => [...x.dataSync()]

/** States after each of several steps, the first being the start. */
function statesOf(plugin: Plugin, steps: number): TrainingState[] {
  const pipeline = buildPipeline({ student: tinyNetwork(), seed: 0, plugins: plugin })
  const [batch] = [...tinyData(6).batches({ batchSize: 6, seed: 0, epoch: 0, training: false })]
  const states = [initialState(pipeline, optimizer)]
  const scalars = { totalSteps: steps, weights: { 'cross-entropy(student)': 1 } }
  for (let step = 0; step < steps; step++)
    states.push(trainingStep(pipeline, optimizer, states.at(-1)!, [batch!], scalars).state)
  return states
}

describe('ema', () => {
  it('keeps the scheduled share of the average: a ← d a + (1 − d) θ', () => {
    const decay = linear(0.2, 0.8)
    const [start, first, second] = statesOf(ema({ decay, warmUp: false }), 2)
    const name = 'student/conv1.weight'
    const theta = [start, first, second].map((state) => values(state!.trainables[name]!))
    const average = theta[0]!.map((a, i) => {
      const once = 0.2 * a + 0.8 * theta[1]![i]!
      return 0.5 * once + 0.5 * theta[2]![i]!
    })
    values(second!.states[`ema/trainables/${name}`]!).forEach((x, i) => expect(x).toBeCloseTo(average[i]!, 6))
  })

  it('moves each tensor with its probability, the same ones for the same seed', () => {
    const moved = () => {
      const states = statesOf(ema({ decay: 0.5, warmUp: false, probability: 0.3 }), 40)
      return states
        .slice(1)
        .flatMap(({ states: now }, step) =>
          Object.keys(now).map((name) => Number(now[name] !== states[step]!.states[name])),
        )
    }
    const draws = moved()
    const [n, count] = [draws.length, draws.reduce((a, b) => a + b)]
    // Within four deviations of a binomial draw.
    expect(Math.abs(count - 0.3 * n)).toBeLessThan(4 * Math.sqrt(0.3 * 0.7 * n))
    expect(moved()).toEqual(draws)
  })

  it('gives the averaged student as an actor that teaches, and follows a student with a dynamic teacher', async () => {
    const seen: number[][] = []
    const teaching: Plugin = {
      name: 'teaching',
      specVersion: 1,
      connect: (run) =>
        run.addDistillation({
          student: 'student',
          teacher: 'mean-teacher',
          weight: 1,
          loss: {
            name: 'consistency',
            compute: ({ student, teacher }) => {
              seen.push(values(teacher.logits))
              return kdLoss(student.logits, teacher.logits)
            },
          },
        }),
    }
    const train = tinyData(12)
    const before = tf.memory().numTensors
    const run = await distill({
      student: tinyNetwork(),
      data: { train, validation: train },
      optimizer,
      epochs: 2,
      batchSize: 6,
      plugins: [
        ema({ decay: 0.9, actor: 'mean-teacher' }),
        teaching,
        dynamicTeacher({ expander: inverseReparameterization({ ratio: 2 }), loss: kd() }),
      ],
    })
    expect(run.outcome).toBe('completed')
    expect(seen).toHaveLength(4)
    expect(seen[1]).not.toEqual(seen[3])
    expect(Object.keys(run.learners)).toEqual(['student', 'dynamic-teacher'])
    expect(run.history[0]!.logs).toHaveProperty(['val_acc/mean-teacher'])
    const average = tf.tidy(() => values(predict(run.alternatives['ema']!, tf.zeros([1, 6, 6, 1]))))
    expect(average.every(Number.isFinite)).toBe(true)
    run.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each([{ decay: 1 }, { decay: -0.1 }, { probability: 0 }, { probability: 1.5 }])('refuses %j', (options) => {
    expect(() => ema(options)).toThrow(/ema: (decay|probability): expected a number/)
  })
})
