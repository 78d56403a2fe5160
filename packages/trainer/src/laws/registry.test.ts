import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { listNetworks } from '@gpdjs/architectures'
import { apply, mapRecord, predict, useBackend } from '@gpdjs/core'
import { extractStudent, studentView } from '@gpdjs/cbr-reparam'
import { expand, liftParameters, liftStatistics, teacherView } from '@gpdjs/ir-expansion'
import { beforeAll, describe, expect, it } from 'vitest'
import { contrast, distance, random, SEED, smallStudent, values } from './small-networks.ts'

const RATIO = 2

/** A small student, its expansion, the stored tensors, and images. */
function lifted(name: string, ratio = RATIO) {
  const { network, parameters, statistics, x } = smallStudent(name)
  const expansion = expand(network, { ratio })
  const stored = liftParameters(expansion, parameters, { kind: 'zero-sum', deviation: 0.01 }, SEED)
  return { expansion, parameters, statistics, stored, x }
}

const inTidy = (check: () => void) => () =>
  tf.tidy(() => {
    check()
  })

beforeAll(async () => {
  await useBackend('wasm')
})

describe.each(listNetworks())('%s, small', (name) => {
  it(
    '1. is the student view of its dynamic teacher, bit for bit',
    inTidy(() => {
      const { expansion, parameters, stored } = lifted(name)
      expect(expansion.student.groups.length).toBeGreaterThan(0)
      expect(values(studentView(expansion, stored))).toEqual(values(parameters))
    }),
  )

  it.each(['evaluation', 'training'] as const)('2. computes what its dynamic teacher does, in %s mode', (mode) => {
    tf.tidy(() => {
      const { expansion, parameters, statistics, stored, x } = lifted(name)
      const training = mode === 'training'
      const student = apply({ network: expansion.student, parameters, statistics }, x, { training })
      const wide = liftStatistics(expansion, statistics)
      const teacher = apply(
        { network: expansion.teacher, parameters: teacherView(expansion, stored), statistics: wide },
        x,
        { training },
      )
      expect(contrast(student.outputs['logits']!), 'logits depend on the image').toBeGreaterThan(0.05)
      expect(distance(teacher.outputs['logits']!, student.outputs['logits']!)).toBeLessThan(1e-5)
      const moved = training ? liftStatistics(expansion, student.statistics) : {}
      expect(Object.keys(teacher.statistics).sort()).toEqual(Object.keys(moved).sort())
      for (const [key, tensor] of Object.entries(moved))
        expect(distance(teacher.statistics[key]!, tensor), key).toBeLessThan(1e-5)
    })
  })

  it(
    '3. is its own dynamic teacher with ratio 1',
    inTidy(() => {
      const { expansion, parameters, stored } = lifted(name, 1)
      expect(values(teacherView(expansion, stored))).toEqual(values(parameters))
      expect(expansion.teacher.parameters).toEqual(expansion.student.parameters)
    }),
  )

  it(
    '4. gives the same logits when it is extracted, to the last bit',
    inTidy(() => {
      const { expansion, statistics, stored, x } = lifted(name)
      const trained = mapRecord(stored, (tensor, key) => tf.add(tensor, random(tensor.shape, `step ${key}`, 0.02)))
      const deployed = extractStudent(expansion, trained, statistics)
      const view = studentView(expansion, trained)
      const inTraining = predict({ network: expansion.student, parameters: view, statistics }, x)
      const plain = predict(deployed, x)
      expect(Array.from(plain.dataSync())).toEqual(Array.from(inTraining.dataSync()))
      expect(Array.from(plain.dataSync()).every(Number.isFinite)).toBe(true)
    }),
  )
})
