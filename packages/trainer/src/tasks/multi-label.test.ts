import * as tf from '@tensorflow/tfjs'
import { predict } from '@gpdjs/core'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { binaryKd, kd, losses } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from '../distill.ts'
import type { DistillOptions } from '../distill-options.ts'
import { evaluate } from '../evaluate.ts'
import { sgd } from '../optimizers/sgd.ts'
import { dynamicTeacher } from '../plugins/dynamic-teacher.ts'
import { staticTeacher } from '../plugins/static-teacher.ts'
import { drawn, tinyNetwork, tinyTensors } from '../testing.ts'
import { multiLabel } from './multi-label.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const { xs, ys } = tinyTensors(12)
/** At least class 1, and class 2: two labels of one image. */
const labels = tf.stack([tf.greaterEqual(ys, 1), tf.equal(ys, 2)], 1)
const binary = [...ys.dataSync()].map((y) => Number(y === 2))

const network = (classes: number) => tinyNetwork({ norm: false, classes })
const options = (changes: Partial<DistillOptions>): DistillOptions => ({
  student: network(2),
  data: { train: { xs, ys: labels } },
  task: multiLabel(),
  optimizer: sgd({ learningRate: 0.5 }),
  epochs: 4,
  batchSize: 12,
  ...changes,
})

/** Convolution, mean, dense with a sigmoid, as model.fit trains it. */
async function fitted(units: number, targets: tf.Tensor) {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [6, 6, 1], filters: 2, kernelSize: 3, activation: 'relu', name: 'conv' }),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units, name: 'fc' }),
    ],
  })
  const start = await distill(
    options({ student: model, optimizer: sgd({ learningRate: 0 }), data: { train: { xs, ys: targets } } }),
  )
  // The mean over labels of TensorFlow.js, as the sum that is ours.
  const loss = (y: tf.Tensor, z: tf.Tensor) =>
    tf.mul(tf.losses.sigmoidCrossEntropy(y, z, undefined, 0, tf.Reduction.MEAN), units)
  model.compile({ optimizer: tf.train.sgd(0.5), loss: loss as never })
  await model.fit(xs, targets, { epochs: 4, batchSize: 12, shuffle: false, verbose: 0 })
  return { start: start.student, weights: model.getWeights().map((weight) => [...weight.dataSync()]) }
}

describe('multiLabel', () => {
  it.each([
    { name: 'two labels', units: 2, targets: tf.cast(labels, 'float32') },
    { name: 'one label, a binary class', units: 1, targets: tf.tensor2d(binary, [12, 1]) },
    { name: 'labels that hold in part', units: 2, targets: tf.add(tf.mul(tf.cast(labels, 'float32'), 0.8), 0.1) },
  ])('trains $name as model.fit does', async ({ units, targets }) => {
    const { start, weights } = await fitted(units, targets)
    const run = await distill(options({ student: start, data: { train: { xs, ys: targets } } }))
    const { parameters } = run.student
    ;['conv.weight', 'conv.bias', 'fc.weight', 'fc.bias'].forEach((name, i) =>
      [...parameters[name]!.dataSync()].forEach((value, j) =>
        expect(Math.abs(value - weights[i]![j]!)).toBeLessThan(1e-6),
      ),
    )
  })

  it('takes one label as whole numbers, to the same run', async () => {
    const train = (given: tf.Tensor | number[]) =>
      distill(options({ student: network(1), data: { train: { xs, ys: given } } }))
    const [column, list] = [await train(tf.tensor2d(binary, [12, 1])), await train(binary)]
    for (const [name, tensor] of Object.entries(column.student.parameters))
      expect([...list.student.parameters[name]!.dataSync()]).toEqual([...tensor.dataSync()])
    expect(list.history.at(-1)!.logs['acc']).toBe(column.history.at(-1)!.logs['acc'])
  })

  it('counts labels that are right by the sign of their logit, over a whole set in batches', async () => {
    const model = drawn(network(2), 4)
    const logits = predict(model, xs).arraySync() as number[][]
    const expected = labels.arraySync() as number[][]
    const right = logits.flatMap((row, i) => row.map((z, l) => Number(z > 0 === (expected[i]![l] === 1))))
    const found = await evaluate(model, { xs, ys: labels }, { task: multiLabel(), batchSize: 5 })
    expect(found.acc).toBeCloseTo(right.reduce((a, b) => a + b) / 24, 6)
    const loss = logits.flatMap((row, i) => row.map((z, l) => Math.log1p(Math.exp(expected[i]![l] === 1 ? -z : z))))
    expect(found.loss).toBeCloseTo(loss.reduce((a, b) => a + b) / 12, 5)
  })

  it('learns with a static and a dynamic teacher, which then teach by labels', async () => {
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 })
    const learn = (width: number, plugins: DistillOptions['plugins'] = []) => {
      const data = { train: { xs, ys: labels }, validation: { xs, ys: labels } }
      return distill(options({ student: tinyNetwork({ width, classes: 2 }), data, optimizer, plugins, epochs: 20 }))
    }
    const teacher = (await learn(4)).student
    const expander = inverseReparameterization({ ratio: 2 })
    const run = await learn(2, [staticTeacher({ ...teacher, loss: binaryKd() }), dynamicTeacher({ expander })])
    const [first, last] = [run.history[0]!.logs, run.history.at(-1)!.logs]
    expect(Object.keys(last)).toContain('binary-kd(student, dynamic-teacher)')
    expect(last['binary-cross-entropy(student)']!).toBeLessThan(0.6 * first['binary-cross-entropy(student)']!)
    // Two thirds are right of what always guesses the more frequent answer of each label.
    expect(run.best!.value).toBeGreaterThan(2 / 3 + 0.1)
  })
})

describe('a model that ended in sigmoids, which fromLayersModel left out', () => {
  const ended = (activation: 'softmax' | 'sigmoid') => ({ ...drawn(network(2), 4), activation })
  const data = { xs, ys: labels }

  it('is trained and measured by multiLabel() where no task is given', async () => {
    const { task: _, ...plain } = options({ student: ended('sigmoid') })
    const run = await distill(plain)
    expect(run.history[0]!.logs).toHaveProperty('binary-cross-entropy(student)')
    expect(await evaluate(ended('sigmoid'), data)).toEqual(
      await evaluate(drawn(network(2), 4), data, { task: multiLabel() }),
    )
  })

  it('is so converted from a layers model, of one sigmoid or several, as model.fit trains it', async () => {
    for (const [units, targets] of [
      [1, tf.tensor2d(binary, [12, 1])],
      [2, tf.cast(labels, 'float32')],
    ] as const) {
      const kernelInitializer = tf.initializers.randomNormal({ stddev: 0.3, seed: 3 })
      const dense = tf.layers.dense({ units, activation: 'sigmoid', kernelInitializer, name: 'fc' })
      const model = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [6, 6, 1] }), dense] })
      const rate = 0.1
      const { student, notes } = await distill({
        student: model,
        data: { train: { xs, ys: targets } },
        // The loss of TensorFlow.js is the mean over labels, ours their sum.
        optimizer: tf.train.sgd(rate / units),
        epochs: 4,
        batchSize: 12,
      })
      expect(notes.join()).toMatch(/sigmoid/)
      model.compile({ optimizer: tf.train.sgd(rate), loss: 'binaryCrossentropy' })
      await model.fit(xs, targets, { epochs: 4, batchSize: 12, shuffle: false, verbose: 0 })
      const [weight, bias] = model.getWeights()
      for (const [name, expected] of [
        ['fc.weight', weight],
        ['fc.bias', bias],
      ] as const)
        expect(tf.max(tf.abs(tf.sub(student.parameters[name]!, expected!))).dataSync()[0]).toBeLessThan(1e-5)
    }
  })

  it('teaches labels only, and one that ended in a softmax classes only', async () => {
    const taught = (activation: 'softmax' | 'sigmoid') =>
      distill(options({ plugins: staticTeacher({ ...ended(activation), loss: binaryKd() }) }))
    expect((await taught('sigmoid')).outcome).toBe('completed')
    await expect(taught('softmax')).rejects.toThrow(/'static-teacher' ended in a softmax.*Use task: classification\(\)/)
    const { task: _, ...plain } = options({ student: network(2), data: { train: { xs, ys: binary } } })
    const attempt = distill({
      ...plain,
      plugins: staticTeacher({ ...ended('sigmoid'), activation: 'sigmoid', loss: kd() }),
    })
    await expect(attempt).rejects.toThrow(/ended in a sigmoid.*Use task: multiLabel\(\) and binaryKd\(\)/)
  })
})

describe('multiLabel refuses', () => {
  const softmax = Object.keys(losses).filter((name) => {
    const needsTaps = ['fitnet', 'at', 'sp', 'nst', 'vid', 'review-kd'].includes(name)
    return !needsTaps && losses[name]!({}).distribution === 'categorical'
  })

  it.each(softmax)('the loss %s, which takes classes', async (name) => {
    const attempt = distill(options({ plugins: staticTeacher({ ...drawn(network(2), 1), loss: losses[name]!({}) }) }))
    await expect(attempt).rejects.toMatchObject({ code: 'plugin.invalid' })
    await expect(attempt).rejects.toThrow(/softmax.*task 'multi-label'.*Use binaryKd\(\)/)
  })

  it('as classification refuses one of labels', async () => {
    const { task: _, ...plain } = options({ student: network(3), data: { train: { xs, ys } } })
    const attempt = distill({ ...plain, plugins: staticTeacher({ ...drawn(network(3), 1), loss: binaryKd() }) })
    await expect(attempt).rejects.toThrow(/sigmoid.*task 'classification'.*Use kd\(\)/)
  })

  it.each([
    {
      fault: 'a label above 1',
      data: { xs, ys: tf.mul(tf.cast(labels, 'float32'), 2) },
      code: 'data.label-range',
      says: /from 0 to 1, got 2/,
    },
    {
      fault: 'three labels for two logits',
      data: { xs, ys: tf.oneHot(ys, 3) },
      code: 'data.mismatch',
      says: /3 labels .*the student 2/,
    },
    {
      fault: 'a class index for two logits',
      data: { xs, ys },
      code: 'data.mismatch',
      says: /one label as a whole number/,
    },
  ])('$fault', async ({ data, code, says }) => {
    const attempt = distill(options({ data: { train: data } }))
    await expect(attempt).rejects.toMatchObject({ code })
    await expect(attempt).rejects.toThrow(says)
  })

  it('a class 2 of one label', async () => {
    const attempt = distill(options({ student: network(1), data: { train: { xs, ys } } }))
    await expect(attempt).rejects.toThrow(/labels 0 … 1, got 2/)
  })

  it('and classification refuses one logit', async () => {
    const { task: _, ...plain } = options({ student: network(1), data: { train: { xs, ys: binary } } })
    await expect(distill(plain)).rejects.toThrow(/one logit, whose softmax is always 1.*multiLabel\(\)/)
  })

  it('no loss of features', async () => {
    const loss = losses['pkt']!({})
    const run = await distill(options({ plugins: staticTeacher({ ...drawn(network(2), 1), loss }) }))
    expect(run.outcome).toBe('completed')
    expect(kd().distribution).toBe('categorical')
  })
})
