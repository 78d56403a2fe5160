import * as tf from '@tensorflow/tfjs'
import { expect } from 'vitest'
import { apply, axesShape, randomStream, valueAndGradients, type Network } from '@gpdjs/core'

export type Numbers = Readonly<Record<string, readonly number[]>>

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1)

const drawn = (size: number, name: string): number[] => {
  const stream = randomStream(1, name)
  return Array.from({ length: size }, () => stream.normal())
}

function tensorsOf(values: Numbers, shapes: Readonly<Record<string, readonly number[]>>, dtypes: Network['inputs']) {
  const entries = Object.entries(shapes).map(
    ([name, shape]) => [name, tf.tensor([...values[name]!], [...shape], dtypes[name]?.dtype ?? 'float32')] as const,
  )
  return Object.fromEntries(entries)
}

/** `(f(x + δ) − f(x − δ)) / 2δ` for each number, in double precision. */
function differences(f: (values: Numbers) => number, values: Numbers, name: string): number[] {
  const delta = 1e-5
  return values[name]!.map((value, i) => {
    const at = (moved: number) => f({ ...values, [name]: values[name]!.with(i, moved) })
    return (at(value + delta) - at(value - delta)) / (2 * delta)
  })
}

function expectClose(actual: tf.Tensor, expected: readonly number[], what: string): void {
  const scale = Math.max(1, ...expected.map(Math.abs))
  const gap = Array.from(actual.dataSync(), (value, i) => Math.abs(value - expected[i]!) / scale)
  expect(gap, what).toHaveLength(expected.length)
  expect(Math.max(...gap), what).toBeLessThan(1e-5)
}

/**
 * Checks a network of one op on the backend in use: its values against those of plain numbers in double precision, and its
 * gradients against their finite differences.
 *
 * @param given values of inputs; others are drawn, batch 2
 * @param reference the output from inputs and parameters, all row by row
 * @param constants inputs into which no gradient flows
 */
export function checkOp(
  network: Network,
  given: Numbers,
  reference: (values: Numbers) => number[],
  constants: readonly string[] = [],
): void {
  tf.tidy(() => {
    const inputs = Object.fromEntries(Object.entries(network.inputs).map(([name, { shape }]) => [name, [2, ...shape]]))
    const parameters = Object.fromEntries(network.parameters.map(({ name, axes }) => [name, axesShape(axes)]))
    const shapes = { ...inputs, ...parameters }
    const values: Numbers = {
      ...Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, drawn(sizeOf(shape), name)])),
      ...given,
    }
    const expected = reference(values)
    const weights = drawn(expected.length, 'weights')
    const tensors = tensorsOf(values, shapes, network.inputs)
    const output = (all: tf.NamedTensorMap) =>
      apply({ network, parameters: all, statistics: {} }, all, { training: true }).outputs['logits']!
    const loss = (all: tf.NamedTensorMap) =>
      tf.sum<tf.Scalar>(tf.mul(tf.reshape(output({ ...tensors, ...all }), [-1]), tf.tensor1d(weights)))
    const trained = Object.fromEntries(
      Object.entries(tensors).filter(([name, { dtype }]) => dtype === 'float32' && !constants.includes(name)),
    )
    const { gradients } = valueAndGradients((all) => loss(all as tf.NamedTensorMap), trained)
    expectClose(output(tensors), expected, 'output')
    const sum = (all: Numbers) => reference(all).reduce((total, value, i) => total + value * weights[i]!, 0)
    for (const name of Object.keys(trained))
      expectClose(gradients[name]!, differences(sum, values, name), `gradient of ${name}`)
  })
}
