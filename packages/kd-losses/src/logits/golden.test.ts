import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, useBackend } from '../testing/evaluate.ts'
import { fixtures, goldenFiles, readGolden } from '../testing/golden.ts'
import { distLoss } from './dist.ts'
import { dkdLoss } from './dkd.ts'
import { kdLoss } from './kd.ts'
import { ofaLoss } from './ofa.ts'
import { softCrossEntropyLoss } from './soft-cross-entropy.ts'

type Loss = Parameters<typeof evaluate>[0]

/** The cases of the reference implementations (mdistiller, image_classification_sota, OFAKD, the GPD release) that we reproduce. */
const cases: Readonly<Record<string, Loss>> = {
  kd_T1: ({ student, teacher }) => kdLoss(student, teacher, { temperature: 1 }),
  kd_T4: ({ student, teacher }) => kdLoss(student, teacher, { temperature: 4 }),
  dkd_a1_b8_T4: ({ student, teacher }, y) => dkdLoss(student, teacher, y, { alpha: 1, beta: 8, temperature: 4 }),
  'dkd_a1_b0.5_T1': ({ student, teacher }, y) => dkdLoss(student, teacher, y, { alpha: 1, beta: 0.5, temperature: 1 }),
  gpd_sce: ({ student, teacher }) => softCrossEntropyLoss(student, teacher, { smoothing: 0.1 }),
  dist_b1_g1_tau1: ({ student, teacher }) => distLoss(student, teacher, { beta: 1, gamma: 1, temperature: 1 }),
  dist_b2_g2_tau4: ({ student, teacher }) => distLoss(student, teacher, { beta: 2, gamma: 2, temperature: 4 }),
  ofa_eps1: ({ student, teacher }, y) => ofaLoss(student, teacher, y, { epsilon: 1 }),
  'ofa_eps1.5': ({ student, teacher }, y) => ofaLoss(student, teacher, y, { epsilon: 1.5 }),
  gpd_ce: ({ student, teacher }) => softCrossEntropyLoss(student, teacher),
}

async function readCase(file: string, name: string) {
  const { part, loss } = await readGolden(file, name)
  const numbers = (key: string) => Array.from(part(key)['']?.data ?? [])
  const matrix = (key: string) => {
    const [rows = 0, columns = 0] = part(key)['']?.shape ?? []
    return Array.from({ length: rows }, (_, i) => numbers(key).slice(i * columns, (i + 1) * columns))
  }
  return { student: matrix('in/s'), teacher: matrix('in/z'), labels: numbers('in/y'), loss, gradient: matrix('grad/s') }
}

it('finds the numbers of the package itself', () => {
  expect(goldenFiles).toContain(join(fixtures, 'losses.safetensors'))
})

describe.each(goldenFiles)('%s', (file) => {
  describe.each(backends)('on %s', (backend) => {
    beforeAll(() => useBackend(backend))

    it.each(Object.keys(cases))('%s has the reference value and gradient', async (name) => {
      const { student, teacher, labels, loss, gradient } = await readCase(file, name)
      expect(student).toHaveLength(8)
      const actual = await evaluate(cases[name]!, student, teacher, labels)
      expectClose([[actual.value]], [[loss]], 1e-5)
      expectClose(actual.student, gradient, 1e-5)
      expect(actual.teacher).toBeUndefined()
    })
  })
})
