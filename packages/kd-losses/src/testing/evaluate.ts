import { useBackend as useNamedBackend } from '@gpdjs/backends'
import { valueAndGradients } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { expect } from 'vitest'
import type { Matrix } from './plain-math.ts'

/** The backends that are there without a GPU or a native library. */
export const backends = ['cpu', 'wasm'] as const

export async function useBackend(name: (typeof backends)[number]): Promise<void> {
  expect((await useNamedBackend(name)).name).toBe(name)
}

export const tensor = (rows: Matrix): tf.Tensor2D => tf.tensor2d(rows.map((row) => [...row]))

export const labelTensor = (labels: readonly number[]): tf.Tensor1D => tf.tensor1d([...labels], 'int32')

type Loss = (logits: { student: tf.Tensor2D; teacher: tf.Tensor2D }, labels: tf.Tensor1D) => tf.Tensor

/** What is minimized: the mean of the rows, if these are rows. */
const mean = (loss: tf.Tensor): tf.Scalar => (loss.rank === 0 ? (loss as tf.Scalar) : tf.mean(loss))

/** Value and gradients of the mean of a loss by TensorFlow.js; fails if a tensor is left behind. */
export async function evaluate(loss: Loss, student: Matrix, teacher: Matrix, labels: readonly number[] = []) {
  const before = tf.memory().numTensors
  const inputs = { student: tensor(student), teacher: tensor(teacher) }
  const y = labelTensor(labels)
  const { value, gradients } = valueAndGradients((x) => mean(loss(x as typeof inputs, y)), inputs)
  const read = async (x: tf.Tensor | undefined) => (x === undefined ? undefined : ((await x.array()) as number[][]))
  const result = {
    value: (await value.data())[0]!,
    student: (await read(gradients.student))!,
    teacher: await read(gradients.teacher),
  }
  tf.dispose([inputs, y, value, gradients])
  expect(tf.memory().numTensors).toBe(before)
  return result
}

/** Numbers of a tensor of any shape. */
export interface Values {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

/** By this name the reference calls class indices. */
const isLabels = (name: string, { shape }: Values) => name === 'y' && shape.length === 1

export const toTensor = (name: string, { shape, data }: Values): tf.Tensor =>
  tf.tensor([...data], [...shape], isLabels(name, { shape, data }) ? 'int32' : 'float32')

export type Inputs = Readonly<Record<string, tf.Tensor>>

/** Value and gradients of a function of named tensors of any shape (`y`: labels, if it is a list); fails if a tensor is left behind. */
export async function evaluateFeatures(loss: (inputs: Inputs) => tf.Tensor, values: Readonly<Record<string, Values>>) {
  const before = tf.memory().numTensors
  const inputs = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(name, value)]))
  const floats = Object.fromEntries(Object.entries(inputs).filter(([name]) => !isLabels(name, values[name]!)))
  const { value, gradients } = valueAndGradients(() => mean(loss(inputs)), floats)
  const read = await Promise.all(
    Object.entries(gradients).map(async ([name, gradient]) => [name, [...(await gradient!.data())]] as const),
  )
  const result = {
    value: (await value.data())[0]!,
    gradients: Object.fromEntries(read) as Readonly<Record<string, readonly number[]>>,
  }
  tf.dispose([inputs, value, gradients])
  expect(tf.memory().numTensors).toBe(before)
  return result
}

/** Fails unless every number is within `tolerance` of its counterpart, relative to the greatest of them. */
export function expectClose(actual: Matrix, expected: Matrix, tolerance: number, floor = 0): void {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length))
  const scale = Math.max(floor, ...expected.flat().map(Math.abs))
  const errors = expected.flatMap((row, i) => row.map((value, j) => Math.abs(actual[i]![j]! - value)))
  // Not Math.max: it must fail on NaN.
  expect(errors.filter((error) => !(error <= tolerance * scale))).toEqual([])
}
