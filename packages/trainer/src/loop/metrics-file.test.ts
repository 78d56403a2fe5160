import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Callbacks, TrainInfo } from '../callbacks.ts'
import { metricsFile } from './metrics-file.ts'

/** A disk of 64 KiB, where one may be mounted. */
function smallDisk(): string | undefined {
  const at = mkdtempSync(join(tmpdir(), 'gpd-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at], { stdio: 'ignore' })
    return at
  } catch {
    console.log('No disk can be mounted here: a test of full disks is skipped.')
    return undefined
  }
}

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

  const begin = (callbacks: Callbacks, resumed?: TrainInfo['resumed']) =>
    callbacks.onTrainBegin?.({ resumed } as never, {} as never)
  const LINES = [
    '{"type":"step","step":1}',
    '{"type":"step","step":2}',
    '{"type":"epoch","epoch":0}',
    '{"type":"step","step":3}',
    '{"type":"step","step":4}',
    '{"type":"epoch","epoch":1}',
  ]

  it.each([
    ['in the middle of an epoch', { step: 3, epoch: 1 }, 4],
    ['at the end of one', { step: 4, epoch: 2 }, 6],
    ['between its last step and its evaluation', { step: 4, epoch: 1 }, 5],
  ])('goes on %s, after the lines up to there', async (_, at, kept) => {
    const path = join(folder, 'metrics.jsonl')
    await writeFile(path, `${LINES.join('\n')}\n{"type":"step","st`)
    const callbacks = metricsFile(path)
    await begin(callbacks, { ...at, notes: [] })
    await callbacks.onBatchEnd?.(9, {})
    await callbacks.onTrainEnd?.({})
    const lines = (await readFile(path, 'utf8')).split('\n')
    expect(lines).toEqual([...LINES.slice(0, kept), '{"type":"step","step":9}', ''])
  })

  it('loses nothing of a run that goes on, wherever a line was torn', async () => {
    const path = join(folder, 'metrics.jsonl')
    const text = `${LINES.slice(0, 4).join('\n')}\n`
    const torn = text.length - LINES[3]!.length - 1
    for (let length = torn; length <= text.length; length++) {
      await writeFile(path, text.slice(0, length))
      const callbacks = metricsFile(path)
      await begin(callbacks, { step: 2, epoch: 1, notes: [] })
      await callbacks.onBatchEnd?.(3, {})
      await callbacks.onTrainEnd?.({})
      expect(await readFile(path, 'utf8')).toBe(text)
    }
  })

  const disk = smallDisk()
  it.skipIf(disk === undefined)('writes what was missing as soon as there is space again', async () => {
    const path = join(disk!, 'metrics.jsonl')
    const callbacks = metricsFile(path)
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    await begin(callbacks)
    await writeFile(join(disk!, 'full'), Buffer.alloc(1 << 17)).catch(() => undefined)
    for (let step = 1; step <= 500; step++) await callbacks.onBatchEnd?.(step, { loss: 1 / step })
    expect(warnings.mock.calls.length).toBeGreaterThan(0)
    expect(warnings.mock.calls.length).toBeLessThan(10)
    expect(callbacks.missing()).toBeGreaterThan(0)
    await rm(join(disk!, 'full'))
    await callbacks.onBatchEnd?.(501, {})
    await callbacks.onTrainEnd?.({})
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual(
      Array.from({ length: 501 }, (_, i) => i + 1),
    )
    expect(callbacks.missing()).toBe(0)
    warnings.mockRestore()
    execFileSync('umount', [disk!])
  })
})
