import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { metricsFile } from './metrics-file.ts'

let folder: string
beforeAll(async () => {
  await tf.setBackend('cpu')
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpd-files-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('metricsFile', () => {
  it('writes one object per line, numbers that JSON lacks as text', async () => {
    const path = join(folder, 'run', 'metrics.jsonl')
    const callbacks = metricsFile(path)
    await callbacks.onTrainBegin?.({} as never, {} as never)
    await callbacks.onBatchEnd?.(1, { loss: 0.5, odd: Number.NaN })
    await callbacks.onEpochEnd?.(0, { val_acc: 0.25, far: Infinity })
    await callbacks.onTrainEnd?.({})
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { type: 'step', step: 1, loss: 0.5, odd: 'NaN' },
      { type: 'epoch', epoch: 0, val_acc: 0.25, far: 'Infinity' },
    ])
  })

  it('does not write over an earlier run', async () => {
    const path = join(folder, 'metrics.jsonl')
    await writeFile(path, 'earlier\n')
    await expect(metricsFile(path).onTrainBegin?.({} as never, {} as never)).rejects.toMatchObject({
      code: 'output.unwritable',
    })
    expect(await readFile(path, 'utf8')).toBe('earlier\n')
  })
})
