import * as tf from '@tensorflow/tfjs'
import { permutation, randomStream } from '../random/random-stream.ts'
import type { ConformanceCase, Filling } from './conformance.cases.ts'

type Values = Readonly<Record<string, Float32Array>>

function fill(filling: Filling, size: number, path: string): Float32Array {
  const stream = randomStream(0, 'conformance', path)
  const order = permutation(size, stream)
  const fillings: Readonly<Record<Filling, (i: number) => number>> = {
    normal: () => stream.normal(),
    positive: () => 0.5 + stream.uniform(),
    distinct: (i) => 0.05 * (order[i]! - Math.floor(size / 2)),
    negative: (i) => -0.05 * (order[i]! + 1),
  }
  return Float32Array.from({ length: size }, (_, i) => fillings[filling](i))
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1)

const inputValues = ({ name, inputs }: ConformanceCase): Values =>
  Object.fromEntries(
    Object.entries(inputs).map(([input, { shape, filling = 'normal' }]) => [
      input,
      fill(filling, sizeOf(shape), `${name} ${input}`),
    ]),
  )

const toTensors = ({ inputs }: ConformanceCase, values: Values) =>
  Object.fromEntries(
    Object.entries(inputs).map(([input, { shape }]) => [input, tf.tensor(values[input]!, [...shape], 'float32')]),
  )

/** Weights of the outputs in the scalar that is differentiated: each output counts, none like another. */
const outputWeights = (name: string, size: number) => fill('normal', size, `${name} outputs`)

export interface Evaluation {
  readonly output: Float32Array
  readonly gradients: Values
}

/** Values and gradients on the current backend. */
export function evaluate(subject: ConformanceCase, values: Values = inputValues(subject)): Evaluation {
  return tf.tidy(() => {
    const inputs = toTensors(subject, values)
    const names = Object.keys(inputs)
    const y = subject.f(inputs)
    const output = Float32Array.from(y.dataSync())
    if (subject.differentiable === false) return { output, gradients: {} }
    const weights = tf.tensor(outputWeights(subject.name, y.size), y.shape)
    const scalar = (...tensors: tf.Tensor[]) =>
      tf.sum(tf.mul(subject.f(Object.fromEntries(names.map((name, i) => [name, tensors[i]!]))), weights))
    const gradients = tf.grads(scalar)(names.map((name) => inputs[name]!))
    return {
      output,
      gradients: Object.fromEntries(names.map((name, i) => [name, Float32Array.from(gradients[i]!.dataSync())])),
    }
  })
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const norm = (a: Float32Array) => Math.sqrt(dot(a, a))

/** Half the step of the central difference: `distinct` numbers are 0.05 apart, and no step may swap two of them. */
const STEP = 2 ** -9

/**
 * For each input: `|⟨gradient, d⟩ − (L(x + h·d) − L(x − h·d)) / 2h| / ‖gradient‖` with random signs d. One wrong entry in
 * n moves it by about `1 / √n`. The sums over the outputs are taken in double precision.
 */
export function finiteDifferenceErrors(subject: ConformanceCase, { gradients }: Evaluation): Record<string, number> {
  const values = inputValues(subject)
  const loss = (name: string, moved: Float32Array) => {
    const { output } = evaluate({ ...subject, differentiable: false }, { ...values, [name]: moved })
    return dot(output, outputWeights(subject.name, output.length))
  }
  const errors = Object.entries(gradients).map(([name, gradient]) => {
    const direction = fill('normal', gradient.length, `${subject.name} ${name} direction`).map(Math.sign)
    const move = (step: number) => values[name]!.map((value, i) => value + step * direction[i]!)
    const difference = (loss(name, move(STEP)) - loss(name, move(-STEP))) / (2 * STEP)
    return [name, Math.abs(dot(gradient, direction) - difference) / norm(gradient)] as const
  })
  return Object.fromEntries(errors)
}

/** Largest difference, relative to the largest number of the reference. */
export function relativeError(found: Float32Array, reference: Float32Array): number {
  if (found.length !== reference.length) return Infinity
  const scale = reference.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE)
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - reference[i]!)), 0) / scale
}

/** Largest of the relative errors of values and gradients; a thrown error counts as infinite. */
export function largestError(subject: ConformanceCase, reference: Evaluation): number {
  try {
    const { output, gradients } = evaluate(subject)
    return Math.max(
      relativeError(output, reference.output),
      ...Object.entries(reference.gradients).map(([name, gradient]) => relativeError(gradients[name]!, gradient)),
    )
  } catch {
    return Infinity
  }
}
