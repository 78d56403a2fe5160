import { join } from 'node:path'
import type * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { fitnet } from '../features/fitnet.ts'
import { backends, evaluateFeatures, expectClose, useBackend, type Values } from '../testing/evaluate.ts'
import { contextOf, prepared, setupOf } from '../testing/features.ts'
import { fixtures, readGolden } from '../testing/golden.ts'
import { exitHead } from './exit-head.ts'
import { headSpecs, runHead } from './heads.ts'

/** Made by PyTorch's own layers: see heads.py beside it. */
const FILE = join(fixtures, 'heads.safetensors')

/** Every gradient of the case, as PyTorch has it. */
async function expectGolden(
  name: string,
  prefix: string,
  loss: (x: Readonly<Record<string, tf.Tensor>>) => tf.Tensor,
): Promise<void> {
  const { part, loss: expected } = await readGolden(FILE, name)
  const own = (key: string) => (/^[stx]$/.test(key) ? key : `${prefix}.${key}`)
  const inputs = Object.fromEntries(Object.entries(part('in/')).map(([key, value]) => [own(key), value]))
  const actual = await evaluateFeatures(loss, inputs)
  expectClose([[actual.value]], [[expected]], 1e-5)
  const gradients = Object.entries(part('grad/'))
  expect(gradients.length).toBeGreaterThan(3)
  const largest = Math.max(...gradients.flatMap(([, { data }]) => data.map(Math.abs)))
  // Of the bias of keys only rounding errors are left: softmax does not see it. Hence the floor.
  for (const [key, { data }] of gradients) expectClose([actual.gradients[own(key)]!], [data], 1e-4, largest / 100)
}

const shapesOf = (values: Readonly<Record<string, Values>>, prefix: string) =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => !/^[stx]$/.test(key))
      .map(([key, { shape }]) => [`${prefix}.${key}`, shape]),
  )

describe.each(backends)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each([
    ['strided', true],
    ['transposed', true],
    ['valid', true],
    ['valid_linear', false],
  ] as const)('the regressor of FitNet is that of PyTorch: %s', async (name, relu) => {
    const { part } = await readGolden(FILE, name)
    const loss = fitnet({ student: 'a', regressor: 'convolution', relu })
    const [student, teacher] = [part('in/')['s']!.shape.slice(1), part('in/')['t']!.shape.slice(1)]
    const { heads } = prepared(loss, setupOf({ a: student }, { a: teacher }))
    const shapes = Object.fromEntries(Object.entries(heads).map(([key, { shape }]) => [key, shape]))
    expect(shapes).toEqual(shapesOf(part('in/'), 'regressor0'))
    await expectGolden(name, 'regressor0', (x) => loss.compute(contextOf({ a: x['s']! }, { a: x['t']! }, { heads: x })))
  })

  it.each([
    ['exit_class_token', 1],
    ['exit_no_class_token', 2],
    ['exit_merged_twice', 0],
    ['exit_map', 2],
  ] as const)('the exit head is that of PyTorch: %s', async (name, steps) => {
    const { part } = await readGolden(FILE, name)
    const network = exitHead('ofa', 'exit0', part('in/')['x']!.shape.slice(1), steps, 5)
    const shapes = Object.fromEntries(headSpecs(network).map(({ name: key, shape }) => [key, shape]))
    expect(shapes).toEqual(shapesOf(part('in/'), 'exit0'))
    await expectGolden(name, 'exit0', (x) => {
      const logits = runHead('ofa', network, x, { x: x['x']! })['logits']!
      // What the script weighs the logits with: 1 … 10.
      return logits
        .mul([
          [1, 2, 3, 4, 5],
          [6, 7, 8, 9, 10],
        ])
        .sum() as tf.Scalar
    })
  })
})
