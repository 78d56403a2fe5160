/** What users of model.fit have: layers, tensors, one-hot labels, optimizers of tf.train. Plain TensorFlow.js says what is right. */
import * as tf from '@tensorflow/tfjs'
import { isGpdError } from '@gpdjs/core'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { kd } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from './distill.ts'
import type { DistillOptions } from './distill-options.ts'
import { evaluate } from './evaluate.ts'
import { sgd } from './optimizers/sgd.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { drawn, tinyNetwork, tinyTensors } from './testing.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Convolution, flatten, dense: the weights depend on the seed only. */
function layersModel(seed = 1, units = 3, activation: 'softmax' | 'linear' = 'softmax'): tf.LayersModel {
  const kernelInitializer = (add: number) => tf.initializers.randomNormal({ stddev: 0.3, seed: seed + add })
  return tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [6, 6, 1],
        filters: 2,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer: kernelInitializer(0),
        name: 'conv',
      }),
      tf.layers.flatten(),
      tf.layers.dense({ units, activation, kernelInitializer: kernelInitializer(1), name: 'fc' }),
    ],
  })
}

const { xs, ys, classes } = tinyTensors(12)
const oneHot = tf.oneHot(ys, classes)
const RATE = 0.1
const STEPS = 4

const weightsOf = (model: tf.LayersModel) => model.getWeights().map((weight) => [...weight.dataSync()])
const trainedOf = ({ student: { parameters } }: Awaited<ReturnType<typeof distill>>) =>
  ['conv.weight', 'conv.bias', 'fc.weight', 'fc.bias'].map((name) => [...parameters[name]!.dataSync()])

function close(found: readonly (readonly number[])[], expected: readonly (readonly number[])[], tolerance = 1e-6) {
  expect(found.map(({ length }) => length)).toEqual(expected.map(({ length }) => length))
  expected.forEach((row, i) =>
    row.forEach((value, j) => expect(Math.abs(found[i]![j]! - value)).toBeLessThan(tolerance)),
  )
}

/** The weights of a model after some full batches of model.fit. */
async function fitted(labels: tf.Tensor, loss: string, optimizer: tf.Optimizer): Promise<number[][]> {
  const model = layersModel()
  model.compile({ optimizer, loss })
  await model.fit(xs, labels, { epochs: STEPS, batchSize: 12, shuffle: false, verbose: 0 })
  return weightsOf(model)
}

const options = (changes: Partial<DistillOptions> = {}): DistillOptions => ({
  student: changes.student ?? layersModel(),
  data: { train: { xs, ys: oneHot } },
  optimizer: changes.optimizer ?? tf.train.sgd(RATE),
  epochs: STEPS,
  batchSize: 12,
  ...changes,
})

describe('distill trains a layers model as model.fit does', () => {
  it.each([
    ['one-hot labels, int32 as tf.oneHot makes them', oneHot],
    ['one-hot labels, float32', tf.cast(oneHot, 'float32')],
    ['one-hot labels in lists', oneHot.arraySync() as number[][]],
    ['class indices', ys],
    ['class indices, float32', tf.cast(ys, 'float32')],
    ['class indices in a list', [...ys.dataSync()]],
  ])('with %s', async (_, labels) => {
    const expected = await fitted(oneHot, 'categoricalCrossentropy', tf.train.sgd(RATE))
    close(await distill(options({ data: { train: { xs, ys: labels } } })).then(trainedOf), expected)
  })

  it.each([
    ['tf.train.adam', () => tf.train.adam(1e-3)],
    ['tf.train.momentum', () => tf.train.momentum(0.05, 0.9)],
    ['tf.train.rmsprop', () => tf.train.rmsprop(1e-3)],
  ])('with %s', async (_, make) => {
    const expected = await fitted(oneHot, 'categoricalCrossentropy', make())
    close(await distill(options({ optimizer: make() })).then(trainedOf), expected, 1e-5)
  })

  it('with an optimizer by name', async () => {
    const expected = await fitted(oneHot, 'categoricalCrossentropy', tf.train.sgd(0.01))
    close(await distill(options({ optimizer: 'sgd' })).then(trainedOf), expected)
    await expect(distill(options({ optimizer: 'sdg' as never }))).rejects.toThrow(/Did you mean 'sgd'/)
  })

  it('with labels that are mixed (mixup)', async () => {
    const mixed = tf.add(tf.mul(oneHot, 0.7), tf.mul(tf.reverse(oneHot, 0), 0.3))
    const expected = await fitted(mixed, 'categoricalCrossentropy', tf.train.sgd(RATE))
    close(await distill(options({ data: { train: { xs, ys: mixed } } })).then(trainedOf), expected)
  })

  it('and measures what model.evaluate does', async () => {
    const model = layersModel(3)
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] })
    const [loss, acc] = (model.evaluate(xs, tf.cast(oneHot, 'float32')) as tf.Scalar[]).map((x) => x.dataSync()[0]!)
    for (const labels of [ys, oneHot]) {
      const found = await evaluate(model, { xs, ys: labels })
      expect(found.loss).toBeCloseTo(loss!, 5)
      expect(found.acc).toBeCloseTo(acc!, 6)
    }
  })
})

describe('one-hot labels', () => {
  const taught = (labels: tf.Tensor, batchSize: number) =>
    distill({
      student: tinyNetwork(),
      data: { train: { xs, ys: labels }, validation: { xs, ys: labels } },
      optimizer: sgd({ learningRate: RATE, momentum: 0.9 }),
      epochs: 3,
      batchSize,
      plugins: [
        staticTeacher({ ...drawn(tinyNetwork({ width: 3 }), 1), loss: kd() }),
        dynamicTeacher({ expander: inverseReparameterization({ ratio: 2 }) }),
      ],
    })

  it.each([4, classes])('give the run of class indices, bit for bit, also in batches of %d', async (batchSize) => {
    const [soft, hard] = [await taught(oneHot, batchSize), await taught(ys, batchSize)]
    const timed = ['samples-per-second', 'data-wait']
    const logs = (run: typeof soft) =>
      run.history.map((epoch) => Object.entries(epoch.logs).filter(([name]) => !timed.includes(name)))
    expect(logs(soft)).toEqual(logs(hard))
    expect(soft.best?.value).toBe(hard.best?.value)
    for (const [name, tensor] of Object.entries(hard.student.parameters))
      expect([...soft.student.parameters[name]!.dataSync()], name).toEqual([...tensor.dataSync()])
  })
})

describe('a layers model', () => {
  it('as student stays as it is, and notes say what was left out', async () => {
    const [model, optimizer] = [layersModel(), tf.train.sgd(RATE)]
    const weights = weightsOf(model)
    const before = tf.memory().numTensors
    let told: readonly string[] = []
    const run = await distill(
      options({ student: model, optimizer, callbacks: { onTrainBegin: ({ notes }) => void (told = notes) } }),
    )
    expect(weightsOf(model)).toEqual(weights)
    expect(run.notes).toHaveLength(1)
    expect(run.notes[0]).toMatch(/softmax/)
    expect(told).toEqual(run.notes)
    run.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('as student begins with the weights that are given beside it', async () => {
    const other = layersModel(7)
    const { student } = await distill(options({ student: other, optimizer: sgd({ learningRate: 0 }) }))
    const run = await distill(options({ parameters: student.parameters, optimizer: sgd({ learningRate: 0 }) }))
    expect(trainedOf(run)).toEqual(weightsOf(other))
  })

  it('as static teacher teaches what its converted network does', async () => {
    const teacher = layersModel(5)
    const optimizer = sgd({ learningRate: RATE })
    const student = drawn(tinyNetwork({ norm: false }), 1)
    const run = (plugins: DistillOptions['plugins']) => distill(options({ student, optimizer, plugins }))
    const converted = await distill(options({ student: teacher, optimizer: sgd({ learningRate: 0 }) }))
    const [found, expected] = [
      await run(staticTeacher({ network: teacher, loss: kd() })),
      await run(staticTeacher({ ...converted.student, loss: kd() })),
    ]
    expect(found.history.map(({ logs }) => logs['kd(student, static-teacher)'])).toEqual(
      expected.history.map(({ logs }) => logs['kd(student, static-teacher)']),
    )
    expect(found.history[0]!.logs['kd(student, static-teacher)']).toBeGreaterThan(0)
  })

  it('leaves nothing behind where the run is refused', async () => {
    const [model, optimizer] = [layersModel(), sgd({ learningRate: RATE })]
    const before = tf.memory().numTensors
    const attempt = distill(
      options({ student: model, optimizer, data: { train: { xs, ys: [...ys.dataSync()].map((y) => y + 1) } } }),
    )
    await expect(attempt).rejects.toMatchObject({ code: 'data.label-range' })
    expect(tf.memory().numTensors).toBe(before)
  })

  it('and a model with weights are both students; a network without weights is no teacher', async () => {
    const model = drawn(tinyNetwork({ norm: false }), 3)
    const run = await distill(options({ student: model, optimizer: sgd({ learningRate: 0 }) }))
    for (const [name, tensor] of Object.entries(model.parameters))
      expect([...run.student.parameters[name]!.dataSync()]).toEqual([...tensor.dataSync()])
    expect(run.notes).toEqual([])
    const attempt = distill(options({ plugins: staticTeacher({ network: tinyNetwork(), loss: kd() }) }))
    await expect(attempt).rejects.toMatchObject({ code: 'config.missing' })
    await expect(evaluate(tinyNetwork() as never, { xs, ys })).rejects.toThrow(
      /expected a model .* or a tf\.LayersModel/,
    )
  })
})

describe('labels that are no classes', () => {
  const wrong = [...ys.dataSync()].map((y, i) => (i === 5 ? 3 : y))
  const negative = [...ys.dataSync()].map((y, i) => (i === 5 ? -1 : y))
  const shares = tf.mul(oneHot, 2)
  const refused = expect.toSatisfy((error) => isGpdError(error) && error.code === 'data.label-range')

  it.each([
    ['too large', wrong, /labels 0 … 2, got 3 at index 5/],
    ['below 0', negative, /got -1 at index 5/],
    ['no whole numbers', tf.add(tf.cast(ys, 'float32'), 0.5), /got 0\.5 at index 0/],
    ['shares of sum 2', shares, /of sum 1, got 2, 0, 0 at index 0/],
  ])('(%s) are refused in training, validation and evaluation', async (_, labels, says) => {
    const [bad, good] = [
      { xs, ys: labels },
      { xs, ys },
    ]
    const attempts = [
      () => distill(options({ data: { train: bad } })),
      () => distill(options({ data: { train: good, validation: bad } })),
      () => evaluate(drawn(tinyNetwork(), 1), bad),
    ]
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toEqual(refused)
      await expect(attempt()).rejects.toThrow(says)
    }
  })

  it('are refused in a source without a check of its own', async () => {
    const image = { shape: [6, 6, 1], dtype: 'float32' } as const
    const bare = {
      size: 12,
      fields: { image, label: { shape: [], dtype: 'int32' } as const },
      varying: false,
      batches: () => [
        { fields: { image: tf.clone(xs), label: tf.tensor1d(wrong, 'int32') }, index: new Uint32Array(12) },
      ],
    }
    await expect(distill(options({ data: { train: bare } }))).rejects.toEqual(refused)
    await expect(evaluate(drawn(tinyNetwork(), 1), bare)).rejects.toEqual(refused)
  })

  it('of another number of classes are refused by both', async () => {
    const four = tf.oneHot(ys, 4)
    await expect(distill(options({ data: { train: { xs, ys: four } } }))).rejects.toThrow(
      /train data has 4 classes, the student 3/,
    )
    await expect(evaluate(drawn(tinyNetwork(), 1), { xs, ys: four })).rejects.toThrow(/has 4 classes, the network 3/)
    const column = tf.reshape(ys, [12, 1])
    await expect(distill(options({ data: { train: { xs, ys: column } } }))).rejects.toThrow(/tf\.squeeze\(ys, \[1\]\)/)
  })
})

it('says what data may be, for what it is not', async () => {
  const dataset = tf.data.array([{ xs: 1, ys: 1 }])
  await expect(distill(options({ data: { train: dataset as never } }))).rejects.toThrow(
    /data\.train: expected a source .* or \{ xs, ys \}, got an object.*tf\.data\.Dataset make tensors/,
  )
  await expect(distill(options({ data: { train: { xs } as never } }))).rejects.toThrow(/expected a source/)
  await expect(distill(options({ data: { train: { xs, ys, clases: 3 } as never } }))).rejects.toThrow(
    /Did you mean 'classes'/,
  )
})
