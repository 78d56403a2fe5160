import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { mapRecord } from '@gpdjs/core'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { kd, vid } from '@gpdjs/kd-losses'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { distill } from './distill.ts'
import type { DistillOptions } from './distill-options.ts'
import { loadHeads, saveHeads } from './files/saved-heads.ts'
import { loadNetwork, saveNetwork } from './files/saved-network.ts'
import { sgd } from './optimizers/sgd.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { drawn, tinyData, tinyNetwork } from './testing.ts'

const TERMS = ['vid(student, static-teacher)', 'vid(dynamic-teacher, static-teacher)']
const values = (heads: DistillOptions['heads']) =>
  mapRecord(heads!, (tensors) => mapRecord(tensors, (tensor) => [...tensor.dataSync()]))

function train(learningRate: number, given: Partial<DistillOptions> = {}) {
  const teacher = drawn(tinyNetwork({ width: 4 }), 1)
  return distill({
    student: tinyNetwork(),
    data: { train: tinyData(12) },
    optimizer: sgd({ learningRate, weightDecay: 0 }),
    epochs: 1,
    batchSize: 6,
    plugins: [
      staticTeacher({ ...teacher, loss: vid({ student: 'features' }) }),
      dynamicTeacher({ expander: inverseReparameterization({ ratio: 2 }), loss: kd() }),
    ],
    ...given,
  })
}

let folder: string
beforeAll(async () => {
  await tf.setBackend('cpu')
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpd-heads-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('heads of losses', () => {
  it('are trained, the variance of VID too, apart for each learner, and come with the result', async () => {
    const [still, moved] = [await train(0), await train(0.1)]
    expect(Object.keys(moved.heads)).toEqual(TERMS)
    const [before, after] = [values(still.heads), values(moved.heads)]
    for (const term of TERMS) {
      for (const name of Object.keys(after[term]!))
        expect([name, after[term]![name]]).not.toEqual([name, before[term]![name]])
      expect(Object.keys(after[term]!)).toContain('regressor0.log_scale')
    }
    const [student, dynamic] = TERMS.map((term) => moved.heads[term]!['regressor0.0.weight']!)
    // The dynamic teacher has twice as many channels.
    expect([student!.shape, dynamic!.shape]).toEqual([[1, 1, 2, 4], [1, 1, 4, 4]]) // prettier-ignore
  })

  it('are saved beside the student, not in it, and are where the next run begins', async () => {
    const run = await train(0.1)
    await saveNetwork(join(folder, 'student'), run.student)
    await saveHeads(join(folder, 'heads'), run.heads)
    expect((await readdir(folder)).sort()).toEqual(['heads', 'student'])
    const student = await loadNetwork(join(folder, 'student'))
    expect(Object.keys(student.parameters)).toEqual(tinyNetwork().parameters.map(({ name }) => name))
    const heads = await loadHeads(join(folder, 'heads'))
    expect(values(heads)).toEqual(values(run.heads))
    const next = await train(0, { heads, seed: 7 })
    expect(values(next.heads)).toEqual(values(run.heads))
  })

  it('are freed with the result, and left alone where they were given', async () => {
    const run = await train(0.1)
    const before = tf.memory().numTensors
    const next = await train(0.1, { heads: run.heads })
    expect(values(run.heads)).not.toEqual(values(next.heads))
    const teacherAndData = 2 + tinyNetwork().parameters.length + tinyNetwork().statistics.length
    next.dispose()
    expect(tf.memory().numTensors).toBe(before + teacherAndData)
  })

  it('are refused where they are of another network, or no heads', async () => {
    const { heads } = await train(0)
    const other = { [TERMS[0]!]: { ...heads[TERMS[0]!], 'regressor0.0.weight': tf.zeros([1, 1, 3, 4]) } }
    await expect(train(0, { heads: other })).rejects.toMatchObject({ code: 'checkpoint.incompatible' })
    await expect(train(0, { heads: other })).rejects.toThrow(
      /heads of vid\(student, static-teacher\): expected 'regressor0\.0\.weight' of shape \[1, 1, 2, 4\], got \[1, 1, 3, 4\]/,
    )
    await expect(train(0, { heads: { 'vid(student, teacher)': heads[TERMS[0]!]! } })).rejects.toThrow(
      /no loss of this run is called 'vid\(student, teacher\)'\. .*vid\(student, static-teacher\)/,
    )
    await expect(loadHeads(join(folder, 'none'))).rejects.toMatchObject({ code: 'checkpoint.missing' })
    await saveHeads(join(folder, 'heads'), { a: { b: tf.ones([2]) } })
    await writeFile(join(folder, 'heads', 'heads.safetensors'), 'no heads')
    await expect(loadHeads(join(folder, 'heads'))).rejects.toMatchObject({ code: 'checkpoint.corrupt' })
  })
})
