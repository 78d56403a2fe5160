import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeSafetensors } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { dkdLoss } from './dkd.ts'
import { kdLoss } from './kd.ts'
import { softCrossEntropyLoss } from './soft-cross-entropy.ts'
import { backends, evaluate, expectClose, useBackend } from './testing/evaluate.ts'

type Loss = Parameters<typeof evaluate>[0]

/** The cases of the reference implementations (mdistiller's KD and DKD, the authors' GPD release) that we reproduce. */
const cases: Readonly<Record<string, Loss>> = {
  kd_T1: ({ student, teacher }) => kdLoss(student, teacher, { temperature: 1 }),
  kd_T4: ({ student, teacher }) => kdLoss(student, teacher, { temperature: 4 }),
  dkd_a1_b8_T4: ({ student, teacher }, y) => dkdLoss(student, teacher, y, { alpha: 1, beta: 8, temperature: 4 }),
  'dkd_a1_b0.5_T1': ({ student, teacher }, y) => dkdLoss(student, teacher, y, { alpha: 1, beta: 0.5, temperature: 1 }),
  gpd_sce: ({ student, teacher }) => softCrossEntropyLoss(student, teacher, { smoothing: 0.1 }),
  gpd_ce: ({ student, teacher }) => softCrossEntropyLoss(student, teacher),
}

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))
const folders = [fixtures, process.env['GPD_GOLDEN_DIR']].filter((folder) => folder !== undefined)
const files = folders.map((folder) => join(folder, 'losses.safetensors')).filter((file) => existsSync(file))

async function readCase(file: string, name: string) {
  const { tensors } = decodeSafetensors(await readFile(file), { source: file })
  const numbers = (key: string) => [...(tensors.get(`${name}/${key}`)?.data ?? [])].map(Number)
  const matrix = (key: string) => {
    const [rows = 0, columns = 0] = tensors.get(`${name}/${key}`)?.shape ?? []
    return Array.from({ length: rows }, (_, i) => numbers(key).slice(i * columns, (i + 1) * columns))
  }
  return {
    student: matrix('in/s'),
    teacher: matrix('in/z'),
    labels: numbers('in/y'),
    loss: numbers('loss'),
    gradient: matrix('grad/s'),
  }
}

it('finds the numbers of the package itself', () => {
  expect(files).toContain(join(fixtures, 'losses.safetensors'))
})

describe.each(files)('%s', (file) => {
  describe.each(backends)('on %s', (backend) => {
    beforeAll(() => useBackend(backend))

    it.each(Object.keys(cases))('%s has the reference value and gradient', async (name) => {
      const { student, teacher, labels, loss, gradient } = await readCase(file, name)
      expect(student).toHaveLength(8)
      const actual = await evaluate(cases[name]!, student, teacher, labels)
      expectClose([[actual.value]], [loss], 1e-5)
      expectClose(actual.student, gradient, 1e-5)
      expect(actual.teacher).toBeUndefined()
    })
  })
})
