import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { listCheckpoints } from './checkpoint-folders.ts'
import { pointedCheckpoint, pointToCheckpoint } from './checkpoint-pointers.ts'
import { loadCheckpoint, saveCheckpoint } from './checkpoints.ts'
import { ownName } from './owned-names.ts'

const at = temporaryFolder()
beforeAll(async () => void (await tf.setBackend('cpu')))

const save = (step: number, keep = 2) =>
  saveCheckpoint(at('run'), step, { student: { w: tf.scalar(step) } }, { step }, { keep })
const steps = async () => (await listCheckpoints(at('run'))).map(({ step }) => step)
const valueOf = async (options = {}) => {
  const { step, state, records } = await loadCheckpoint(at('run'), options)
  expect([state, records['student']!['w']!.dataSync()[0]]).toEqual([{ step }, step])
  return step
}

describe('saveCheckpoint', () => {
  it('keeps the newest two, by number, and those that a pointer names', async () => {
    for (const step of [9, 10, 100]) await save(step)
    expect(await steps()).toEqual([100, 10])
    await pointToCheckpoint(at('run'), 'best', 10)
    for (const step of [200, 300, 123_456_789]) await save(step)
    expect(await steps()).toEqual([123_456_789, 300, 10])
    expect(await pointedCheckpoint(at('run'), 'best')).toEqual({ step: 10, folder: at('run', 'step-00000010') })
    expect((await readdir(at('run'))).sort()).toEqual(['best.json', 'step-00000010', 'step-00000300', 'step-123456789'])
  })

  it('replaces the checkpoint of the same step', async () => {
    await save(1)
    await saveCheckpoint(at('run'), 1, { student: { w: tf.scalar(1) }, more: {} }, { step: 1 })
    expect(Object.keys((await loadCheckpoint(at('run'))).records)).toEqual(['student', 'more'])
  })

  it('does not count damaged ones as kept, nor removes what others put there', async () => {
    for (const step of [1, 2, 3, 4]) await save(step, 9)
    await truncate(at('run', 'step-00000003', 'student.safetensors'), 4)
    await writeFile(at('run', 'step-00000001', 'notes.txt'), 'mine')
    await mkdir(at('run', 'step-00000000'))
    await save(5)
    await save(6)
    // 6 and 5 are kept; 4 and 2 are removed; 3 is damaged, 1 has notes in it, 0 is no checkpoint.
    expect(await steps()).toEqual([6, 5, 3, 1])
    expect(await readdir(at('run'))).toContain('step-00000000')
  })

  it.each([
    ['keep', () => save(1, 1)],
    ['step', () => save(-1)],
    ['step', () => save(NaN)],
    ['keeep', () => saveCheckpoint(at('run'), 1, {}, {}, { keeep: 2 } as never)],
  ])('refuses a wrong %s before it writes', async (name, wrong) => {
    await expect(wrong()).rejects.toMatchObject({ message: expect.stringContaining(name) as string })
    expect(await readdir(at())).toEqual([])
  })

  it('says so when the place cannot be written to', async () => {
    await expect(saveCheckpoint('/dev/null/x', 1, {})).rejects.toMatchObject({ code: 'output.unwritable' })
    await expect(saveCheckpoint('/proc/gpd', 1, {})).rejects.toMatchObject({ code: 'output.unwritable' })
  })
})

describe('loadCheckpoint', () => {
  it('takes the newest, or the one that is asked for', async () => {
    await save(1)
    await save(2)
    expect([await valueOf(), await valueOf({ step: 1 })]).toEqual([2, 1])
  })

  it('sets damaged ones aside, names the file, and takes the one before', async () => {
    for (const step of [1, 2, 3]) await save(step, 3)
    await truncate(at('run', 'step-00000003', 'student.safetensors'), 4)
    const weights = await readFile(at('run', 'step-00000002', 'student.safetensors'))
    weights[weights.length - 1]! ^= 1
    await writeFile(at('run', 'step-00000002', 'student.safetensors'), weights)
    const onWarning = vi.fn()
    expect(await valueOf({ onWarning })).toBe(1)
    expect(onWarning.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringMatching(
        /step-00000003\/student.safetensors: expected \d+ bytes, found 4.*step-00000003.corrupt' now/,
      ),
      expect.stringMatching(
        /step-00000002\/student.safetensors: it is not as it was written.*step-00000002.corrupt' now/,
      ),
    ])
    expect(await steps()).toEqual([1])
    await save(3)
    await truncate(at('run', 'step-00000003', 'manifest.json'), 0)
    expect(await valueOf({ onWarning })).toBe(1)
    expect(await readdir(at('run'))).toContain('step-00000003.corrupt-2')
  })

  it('says when there is none, when none is whole, and when the one asked for is damaged', async () => {
    await expect(loadCheckpoint(at('run'))).rejects.toMatchObject({ code: 'checkpoint.missing' })
    await save(1)
    await expect(loadCheckpoint(at('run'), { step: 2 })).rejects.toMatchObject({ code: 'checkpoint.missing' })
    await truncate(at('run', 'step-00000001', 'state.json'), 0)
    await expect(loadCheckpoint(at('run'), { step: 1 })).rejects.toMatchObject({ code: 'checkpoint.corrupt' })
    expect(await steps()).toEqual([1])
    const onWarning = vi.fn()
    await expect(loadCheckpoint(at('run'), { onWarning })).rejects.toMatchObject({ code: 'checkpoint.corrupt' })
    expect(await steps()).toEqual([])
  })

  it('removes what dead processes were writing, and leaves what a living one writes', async () => {
    await save(1)
    const ended = spawnSync(process.execPath, ['-e', '']).pid
    const living = await ownName('new')
    const dead = (await ownName('new')).replace(`-${process.pid}-`, `-${ended}-`)
    for (const name of [living, dead]) await mkdir(at('run', name))
    expect(await valueOf()).toBe(1)
    expect((await readdir(at('run'))).sort()).toEqual([living, 'step-00000001'])
  })
})

describe('a pointer', () => {
  it('moves, and leads nowhere when it is damaged or its checkpoint is gone', async () => {
    for (const step of [1, 2]) await save(step)
    for (const step of [1, 2]) {
      await pointToCheckpoint(at('run'), 'best', step)
      expect((await pointedCheckpoint(at('run'), 'best'))?.step).toBe(step)
    }
    expect(await pointedCheckpoint(at('run'), 'last')).toBeUndefined()
    for (const text of ['', '[]', '{"checkpoint": "step-00000007"}', '{"checkpoint": "../../etc"}']) {
      await writeFile(at('run', 'best.json'), text)
      expect(await pointedCheckpoint(at('run'), 'best')).toBeUndefined()
    }
  })

  it('has a plain name, leads to a checkpoint that is there, and replaces no file of another', async () => {
    await save(1)
    await expect(pointToCheckpoint(at('run'), '../best', 1)).rejects.toMatchObject({ code: 'config.invalid' })
    await expect(pointToCheckpoint(at('run'), 'best', 2)).rejects.toMatchObject({ code: 'checkpoint.missing' })
    await writeFile(at('run', 'result.json'), '{"accuracy": 1}')
    await expect(pointToCheckpoint(at('run'), 'result', 1)).rejects.toMatchObject({ code: 'output.unwritable' })
    expect(await readFile(at('run', 'result.json'), 'utf8')).toBe('{"accuracy": 1}')
  })
})
