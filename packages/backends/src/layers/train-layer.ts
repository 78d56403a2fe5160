import { randomStream, sizeOf } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import type { LayerCase } from './layer-case.ts'

/** What a few steps with a layer came to. */
export interface Training {
  /** One per epoch; none for a layer by itself. */
  readonly losses: readonly number[]
  /** Every weight afterwards, those of the dense layers in front included. */
  readonly weights: readonly number[]
  /** Of the first sample, afterwards. */
  readonly output: readonly number[]
}

/** With batches of four, the second batch of an epoch has one sample. */
const SAMPLES = 5

const drawn = (name: string, shape: readonly number[]): Float32Array => {
  const stream = randomStream(0, 'layers', name)
  return Float32Array.from({ length: sizeOf(shape) }, () => stream.normal())
}

/** Layers that draw take their seeds from `Math.random`: here it gives the same numbers each time. */
async function withFixedRandom<T>(f: () => Promise<T>): Promise<T> {
  const original = Math.random
  const stream = randomStream(0, 'layers', 'Math.random')
  Math.random = () => stream.uniform()
  try {
    return await f()
  } finally {
    Math.random = original
  }
}

function build({ make, inputs, indices, dtype = 'int32' }: LayerCase): tf.LayersModel {
  const symbols = inputs.map((shape) =>
    tf.input({ shape: [...shape], dtype: indices === undefined ? 'float32' : dtype }),
  )
  const fed = symbols.map((symbol) =>
    indices === undefined
      ? (tf.layers.dense({ units: symbol.shape.at(-1)! }).apply(symbol) as tf.SymbolicTensor)
      : symbol,
  )
  const outputs = make().apply(fed.length === 1 ? fed[0]! : fed) as tf.SymbolicTensor
  return tf.model({ inputs: symbols, outputs })
}

/** Small numbers; those of a variance are positive. */
function setWeights(layer: tf.layers.Layer): void {
  const values = layer.weights.map(({ name, shape }, i) => {
    const numbers = drawn(`weight ${i}`, shape as number[])
    const isVariance = name.includes('variance')
    return tf.tensor(
      numbers.map((x) => (isVariance ? 0.5 + x * x : 0.4 * x)),
      shape as number[],
    )
  })
  layer.setWeights(values)
  tf.dispose(values)
}

const inputsOf = ({ inputs, indices, dtype = 'int32' }: LayerCase): tf.Tensor[] =>
  inputs.map((own, i) => {
    const shape = [SAMPLES, ...own]
    const numbers = drawn(`input ${i}`, shape)
    if (indices === undefined) return tf.tensor(numbers, shape)
    return tf.tensor(
      numbers.map((x) => Math.floor(Math.abs(x * 1000)) % indices),
      shape,
      dtype,
    )
  })

type Optimizer = ReturnType<typeof tf.train.sgd>

/** The losses of two epochs. */
async function fit(model: tf.LayersModel, optimizer: Optimizer, xs: tf.Tensor[]): Promise<number[]> {
  const shape = tf.tidy(() => (model.predict(xs) as tf.Tensor).shape)
  const ys = tf.tensor(drawn('target', shape), shape)
  try {
    model.compile({ optimizer, loss: 'meanSquaredError' })
    const options = { batchSize: 4, epochs: 2, shuffle: false, verbose: 0, yieldEvery: 'never' } as const
    const { history } = await model.fit(xs, ys, options)
    return history['loss'] as number[]
  } finally {
    ys.dispose()
  }
}

/** Trains the layer behind dense ones to random numbers. */
async function inModel(subject: LayerCase): Promise<Training> {
  const model = build(subject)
  const xs = inputsOf(subject)
  const optimizer = tf.train.sgd(0.05)
  try {
    setWeights(model)
    const losses = await fit(model, optimizer, xs)
    const output = tf.tidy(() => model.predict(xs.map((x) => tf.slice(x, 0, 1))) as tf.Tensor)
    xs.push(output)
    const [numbers, ...weights] = await Promise.all([output, ...model.getWeights()].map((tensor) => tensor.data()))
    return { losses, weights: weights.flatMap((weight) => [...weight]), output: [...numbers!] }
  } finally {
    tf.dispose(xs)
    optimizer.dispose()
    model.dispose()
  }
}

/** The layer applied to tensors; in place of weights, the gradient of a sum of squares for the first input, if it is float. */
async function alone(subject: LayerCase): Promise<Training> {
  const xs = inputsOf(subject)
  const [first, ...others] = xs as [tf.Tensor, ...tf.Tensor[]]
  const layer = subject.make()
  const apply = (x: tf.Tensor): tf.Tensor =>
    tf.tidy(() => [layer.apply(others.length === 0 ? x : [x, ...others])].flat()[0] as tf.Tensor)
  const squares = (x: tf.Tensor): tf.Scalar => tf.sum(tf.square(apply(x)))
  const made = [...xs]
  try {
    // A cell is built by its layer, from the shape of its first input.
    layer.build(first.shape)
    layer.built = true
    setWeights(layer)
    made.push(apply(first))
    if (subject.indices === undefined) made.push(tf.grad(squares)(first))
    const [output, gradient = []] = await Promise.all(made.slice(xs.length).map((tensor) => tensor.data()))
    return { losses: [], weights: [...gradient], output: [...output!] }
  } finally {
    tf.dispose(made)
    for (const weight of layer.weights) weight.dispose() // a cell cannot be disposed
  }
}

/** What a backend holds: tensors, and the numbers behind them. */
export interface Held {
  readonly tensors: number
  readonly numbers: number
}

const held = (): Held => ({ tensors: tf.memory().numTensors, numbers: tf.backend().numDataIds() })

/** Numbers of a few steps with a layer, and what was left behind. */
export async function trainLayer(subject: LayerCase): Promise<Training & { readonly left: Held }> {
  const before = held()
  const training = await withFixedRandom(() => (subject.alone === undefined ? inModel(subject) : alone(subject)))
  const after = held()
  const left = { tensors: after.tensors - before.tensors, numbers: after.numbers - before.numbers }
  return { ...training, left }
}
