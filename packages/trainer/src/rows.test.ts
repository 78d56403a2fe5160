/** Which rows count, and how much: weights of the task, factors of an edge. */
import * as tf from '@tensorflow/tfjs'
import { type DistillationLoss, type Task } from '@gpdjs/core'
import { crossEntropyRows, kd, kdLoss, sp } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { accumulate } from './accumulate.ts'
import { distill } from './distill.ts'
import { evaluate } from './evaluate.ts'
import { gradientPass } from './gradient-pass.ts'
import { sgd } from './optimizers/sgd.ts'
import { buildPipeline } from './pipeline/pipeline.ts'
import type { PluginOption } from './pipeline/plugin.ts'
import type { EdgeOptions } from './pipeline/edge.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { classification } from './tasks/classification.ts'
import { drawn, tinyData, tinyNetwork, tinyTensors } from './testing.ts'
import { initialState } from './training-state.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const optimizer = sgd({ learningRate: 0.05 })

/** Classification in which labels of class 2 are unknown and count nothing. */
const partlyLabeled = (): Task<'acc' | 'loss'> => {
  const plain = classification()
  return {
    ...plain,
    name: 'partly-labeled',
    weighsRows: true,
    rows(outputs, fields) {
      const rows = plain.rows(outputs, fields)
      return { ...rows, weights: tf.cast(tf.less(rows.labels, 2), 'float32') as tf.Tensor1D }
    },
  }
}

const network = tinyNetwork({ norm: false })

function passOf(task: Task, fields: Record<string, tf.Tensor>, plugins: PluginOption = []) {
  const pipeline = buildPipeline({ student: network, seed: 3, task, plugins })
  const weights = Object.fromEntries(pipeline.terms.map(({ name }) => [name, 1]))
  const state = initialState(pipeline, optimizer)
  return { pipeline, state, weights, ...gradientPass(pipeline, state, { fields }, weights) }
}

function close(found: Readonly<Record<string, tf.Tensor>>, expected: Readonly<Record<string, tf.Tensor>>): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort())
  for (const [name, tensor] of Object.entries(expected))
    expect(tf.max(tf.abs(tf.sub(found[name]!, tensor))).dataSync()[0], name).toBeLessThan(1e-6)
}

/** The samples of a batch whose label is known. */
function known(xs: tf.Tensor4D, ys: tf.Tensor1D) {
  const rows = tf.tensor1d(
    [...ys.dataSync()].flatMap((label, i) => (label < 2 ? [i] : [])),
    'int32',
  )
  return { image: tf.gather(xs, rows), label: tf.gather(ys, rows) }
}

describe('weights of rows', () => {
  it('leave out what they are 0 for: loss, gradients and metrics are those of the other rows alone', () => {
    const { xs, ys } = tinyTensors(12)
    const weighed = passOf(partlyLabeled(), { image: xs, label: ys })
    const alone = passOf(classification(), known(xs, ys))
    close(weighed.gradients, alone.gradients)
    expect(weighed.metrics['loss']!.dataSync()[0]).toBeCloseTo(alone.metrics['loss']!.dataSync()[0]!, 6)
  })

  it('weigh micro-batches by what counts in them', () => {
    const { xs, ys } = tinyTensors(12)
    const whole = passOf(partlyLabeled(), { image: xs, label: ys })
    const parts = [
      [0, 5],
      [5, 3],
      [8, 4],
    ].map(([from, size]) => ({ fields: { image: tf.slice(xs, from!, size!), label: tf.slice(ys, from!, size!) } }))
    const { pipeline, state, weights } = whole
    const { gradients, metrics } = accumulate(pipeline, state, parts, weights)
    close(gradients, whole.gradients)
    expect(metrics['loss']!.dataSync()[0]).toBeCloseTo(whole.metrics['loss']!.dataSync()[0]!, 6)
  })

  it('give 0, and gradients of 0, where no row counts', () => {
    const { xs } = tinyTensors(6)
    const { metrics, gradients } = passOf(partlyLabeled(), { image: xs, label: tf.fill([6], 2, 'int32') })
    expect(metrics['loss']!.dataSync()[0]).toBe(0)
    for (const gradient of Object.values(gradients)) expect([...gradient.dataSync()].every((x) => x === 0)).toBe(true)
  })

  it('count in an evaluation', async () => {
    const model = drawn(network, 3)
    const { loss } = await evaluate(model, tinyData(15), { task: partlyLabeled(), batchSize: 4 })
    const { xs, ys } = tinyTensors(15)
    const { image, label } = known(xs, ys)
    const { metrics } = passOf(classification(), { image, label })
    expect(loss).toBeCloseTo(metrics['cross-entropy(student)']!.dataSync()[0]!, 5)
  })

  it('are refused with a loss that compares samples, before training', async () => {
    const attempt = distill({
      student: tinyNetwork(),
      data: { train: tinyData(24) },
      optimizer,
      epochs: 1,
      batchSize: 6,
      task: partlyLabeled(),
      plugins: staticTeacher({ ...drawn(tinyNetwork(), 1), loss: sp({ student: 'features' }) }),
    })
    await expect(attempt).rejects.toThrow(/'sp\(student, static-teacher\)' compares samples.*the task weighs rows/)
  })
})

describe('factors of an edge', () => {
  const teacher = drawn(tinyNetwork({ norm: false, width: 3 }), 9)
  const taught = (loss: DistillationLoss, rows?: EdgeOptions['rows']): PluginOption => [
    staticTeacher({ ...teacher, loss: [{ loss: { name: 'none', compute: () => tf.scalar(0) }, weight: 0 }] }),
    {
      name: 'taught',
      specVersion: 1,
      connect: (run) => {
        const edge = { student: 'student', teacher: 'static-teacher', loss, weight: 1 }
        run.addDistillation({ ...edge, ...(rows && { rows }) })
      },
    },
  ]
  /** Only what the teacher gets right. */
  const whereRight: EdgeOptions['rows'] = ({ teacher: seen }) =>
    tf.cast(tf.equal(tf.argMax(seen!.logits, 1), seen!.labels), 'float32') as tf.Tensor1D

  it('multiply the loss of each row, and the mean is over all', () => {
    const { xs, ys } = tinyTensors(12)
    const plugins = taught(kd({ temperature: 1 }), whereRight)
    const { metrics } = passOf(classification({ weight: 0 }), { image: xs, label: ys }, plugins)
    const logits = (plugin: PluginOption) => {
      let seen: { student: tf.Tensor2D; teacher: tf.Tensor2D } | undefined
      const spy: DistillationLoss = {
        name: 'spy',
        compute({ student, teacher: other }) {
          seen = { student: tf.keep(tf.clone(student.logits)), teacher: tf.keep(tf.clone(other.logits)) }
          return tf.scalar(0)
        },
      }
      passOf(classification({ weight: 0 }), { image: xs, label: ys }, [plugin, taught(spy)].flat())
      return seen!
    }
    const { student, teacher: other } = logits(false)
    const right = [...tf.equal(tf.argMax(other, 1), ys).dataSync()]
    const each = right.map((counts, i) =>
      counts ? kdLoss(tf.slice(student, i, 1), tf.slice(other, i, 1), { temperature: 1 }).dataSync()[0]! : 0,
    )
    expect(right).toContain(1)
    const expected = each.reduce((a, b) => a + b) / each.length
    expect(metrics['kd(student, static-teacher)']!.dataSync()[0]).toBeCloseTo(expected, 5)
  })

  it('refuse a loss that compares samples, and one that gives a single number', () => {
    const { xs, ys } = tinyTensors(6)
    const fields = { image: xs, label: ys }
    expect(() => passOf(classification(), fields, taught(sp({ student: 'features' }), whereRight))).toThrow(
      /compares samples with each other, but its edge weighs rows/,
    )
    const single: DistillationLoss = { name: 'single', compute: () => tf.scalar(1) }
    expect(() => passOf(classification(), fields, taught(single, whereRight))).toThrow(
      /Loss 'single\(student, static-teacher\)': expected one value per row/,
    )
  })
})

it('crossEntropyRows is what the objective of classification is', () => {
  const logits = tf.tensor2d([[0, 0]])
  const labels = tf.tensor1d([1], 'int32')
  const [ours, expected] = [classification().objective.compute({ logits, labels }), crossEntropyRows(logits, labels)]
  expect([...ours.dataSync()]).toEqual([...expected.dataSync()])
  expect(ours.dataSync()[0]).toBeCloseTo(Math.log(2), 6)
})
