import * as tf from '@tensorflow/tfjs'
import { permutation, randomStream, sizeOf } from '@gpdjs/core'
import type { ConformanceCase, Filling } from './all.cases.ts'

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

/** Weights of the outputs in the scalar that is differentiated: all different, so that every output matters. */
const outputWeights = (name: string, size: number) => fill('normal', size, `${name} outputs`)

export interface Evaluation {
  readonly output: Float32Array
  readonly gradients: Values
}

/** Values and, one per input, gradients: still on the backend. */
function compute(subject: ConformanceCase, values: Values): readonly tf.Tensor[] {
  return tf.tidy(() => {
    const inputs = toTensors(subject, values)
    const names = Object.keys(inputs)
    const y = subject.f(inputs)
    if (subject.differentiable === false) return [y]
    const weights = tf.tensor(outputWeights(subject.name, y.size), y.shape)
    const scalar = (...tensors: tf.Tensor[]) =>
      tf.sum(tf.mul(subject.f(Object.fromEntries(names.map((name, i) => [name, tensors[i]!]))), weights))
    return [y, ...tf.grads(scalar)(names.map((name) => inputs[name]!))]
  })
}

/** Values and gradients on the current backend, read asynchronously: some backends can be read in no other way. */
export async function evaluate(subject: ConformanceCase, values: Values = inputValues(subject)): Promise<Evaluation> {
  const tensors = compute(subject, values)
  try {
    const read = await Promise.all(tensors.map(async (tensor) => Float32Array.from(await tensor.data())))
    const [output, ...gradients] = read
    const names = Object.keys(subject.inputs)
    return {
      output: output!,
      gradients: Object.fromEntries(gradients.map((gradient, i) => [names[i]!, gradient])),
    }
  } finally {
    tf.dispose([...tensors])
  }
}

/** The cases one after another: in parallel, the backend would be switched between them. */
export async function evaluateAll(subjects: readonly ConformanceCase[]): Promise<ReadonlyMap<string, Evaluation>> {
  const evaluations = new Map<string, Evaluation>()
  for (const subject of subjects) evaluations.set(subject.name, await evaluate(subject))
  return evaluations
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
/** Never zero, so that gradients that should be zero can be compared too. */
const norm = (a: Float32Array) => Math.max(Number.MIN_VALUE, Math.sqrt(dot(a, a)))

/** Half the step of the central difference: `distinct` numbers are 0.05 apart, and no step may swap two of them. */
const STEP = 2 ** -9

/**
 * For each input: `|⟨gradient, d⟩ − (L(x + h·d) − L(x − h·d)) / 2h| / ‖gradient‖` with random signs d. One wrong entry in
 * n moves it by about `1 / √n`. The sums over the outputs are taken in double precision.
 */
export async function finiteDifferenceErrors(
  subject: ConformanceCase,
  { gradients }: Evaluation,
): Promise<Record<string, number>> {
  const values = inputValues(subject)
  const loss = async (name: string, moved: Float32Array) => {
    const { output } = await evaluate({ ...subject, differentiable: false }, { ...values, [name]: moved })
    return dot(output, outputWeights(subject.name, output.length))
  }
  const errors: Record<string, number> = {}
  for (const [name, gradient] of Object.entries(gradients)) {
    const direction = fill('normal', gradient.length, `${subject.name} ${name} direction`).map(Math.sign)
    const move = (step: number) => values[name]!.map((value, i) => value + step * direction[i]!)
    const difference = ((await loss(name, move(STEP))) - (await loss(name, move(-STEP)))) / (2 * STEP)
    errors[name] = Math.abs(dot(gradient, direction) - difference) / norm(gradient)
  }
  return errors
}

/** Largest difference, relative to the largest number of the reference. */
export function relativeError(found: Float32Array, reference: Float32Array): number {
  if (found.length !== reference.length) return Infinity
  const scale = reference.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE)
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - reference[i]!)), 0) / scale
}

/** Largest of the relative errors of values and gradients; a thrown error counts as infinite. */
export async function largestError(subject: ConformanceCase, reference: Evaluation): Promise<number> {
  try {
    const { output, gradients } = await evaluate(subject)
    return Math.max(
      relativeError(output, reference.output),
      ...Object.entries(reference.gradients).map(([name, gradient]) => relativeError(gradients[name]!, gradient)),
    )
  } catch {
    return Infinity
  }
}
