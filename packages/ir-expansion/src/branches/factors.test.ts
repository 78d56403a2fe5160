import * as tf from '@tensorflow/tfjs'
import {
  apply,
  conv2d,
  dense,
  globalAveragePool,
  graph,
  mapRecord,
  randomStream,
  relu,
  useBackend,
  valueAndGradients,
  type Expansion,
  type TensorRecord,
} from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expand } from '../expand.ts'
import { initializeWide, teacherView } from '../lift.ts'
import { orepa, type OrepaOptions } from './orepa.ts'

/** Two 3×3 convolutions, the second from 16 channels to 16 on 3×3 pixels once it is expanded. */
function expansionOf(options: OrepaOptions = {}): Expansion {
  const g = graph({ name: 'narrow', inputShape: [3, 3, 2] })
  const first = g.add('relu', relu(), g.add('a', conv2d({ filters: 8, kernelSize: 3, padding: 1 }), 'image'))
  const second = g.add('b', conv2d({ filters: 8, kernelSize: 3, padding: 1 }), first)
  const student = g.build(g.add('fc', dense({ units: 3 }), g.add('pool', globalAveragePool(), second)))
  return expand(student, { ratio: 2, branches: orepa(options) })
}

const random = (shape: readonly number[], name: string) => {
  const stream = randomStream(3, name)
  const size = shape.reduce((a, b) => a * b, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => stream.normal()),
    [...shape],
  )
}

/** Every gate and every kernel random, so that no branch is idle. */
const storedOf = (expansion: Expansion): TensorRecord =>
  mapRecord(initializeWide(expansion, 0), (tensor, name) =>
    tf.add(tensor, tf.mul(random(tensor.shape, name), name.endsWith('identity') ? 0 : 0.3)),
  )

function logitsAndGradients(expansion: Expansion, stored: TensorRecord, x: tf.Tensor, batch?: number) {
  const logits = (tensors: TensorRecord) =>
    apply({ network: expansion.teacher, parameters: teacherView(expansion, tensors, { batch }), statistics: {} }, x, {
      training: true,
    }).outputs['logits']!
  const { gradients } = valueAndGradients((tensors) => tf.sum(tf.square(logits(tensors))), stored)
  return { logits: logits(stored), ...gradients }
}

describe.each(['cpu', 'wasm'] as const)('a kernel in factors on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is what takes fewer multiplications: merging 16²·9·16, or positions · (16² + 16·9·16)', () => {
    const expansion = expansionOf()
    const stored = storedOf(expansion)
    const parts = (batch?: number) =>
      Object.keys(teacherView(expansion, stored, { batch })).filter((name) => name.includes('/'))
    // 36,864 products against 23,040 for the 9 positions of one image and 46,080 for those of two.
    expect(parts(1)).toEqual(['b.weight/inner', 'b.weight/outer'])
    expect(parts(2)).toEqual([])
    expect(parts()).toEqual([])
  })

  it.each([2, 3, 6, ['origin', 'expansion']] as const)('computes what the merged one does, branches %s', (branches) => {
    const expansion = expansionOf({ branches })
    const stored = storedOf(expansion)
    const x = random([1, 3, 3, 2], 'x')
    const merged = logitsAndGradients(expansion, stored, x)
    const parts = logitsAndGradients(expansion, stored, x, 1)
    expect(Object.keys(parts)).toEqual(Object.keys(merged))
    for (const [name, expected] of Object.entries(merged as Record<string, tf.Tensor | undefined>)) {
      const found = (parts as Record<string, tf.Tensor | undefined>)[name]
      expect(found === undefined, name).toBe(expected === undefined)
      if (found === undefined || expected === undefined) continue
      const size = tf.max(tf.abs(expected)).dataSync()[0]!
      expect(tf.max(tf.abs(tf.sub(found, expected))).dataSync()[0]! / size, name).toBeLessThan(2e-6)
    }
  })
})
