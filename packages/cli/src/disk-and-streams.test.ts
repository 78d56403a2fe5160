/** Disks and streams that cannot be written to, at the beginning, in the middle and at the end of a run. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { loadNetwork } from '@gpdjs/interchange'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from './testing/run.ts'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from './testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
const args = (name: string) => ['train', '--config', at('tiny.json'), '--output', at(name), '--json']

beforeAll(async () => {
  await writeTinyImages(at('images'))
  await writeConfig(folder, 'tiny.json', { ...tinyConfig, epochs: 2 })
}, 120_000)

/** Runs, and does something to the folder when training begins. */
async function disturbed(name: string, disturb: () => void) {
  const said: string[] = []
  const stderr = {
    write(text: string) {
      said.push(text)
      if (text.startsWith('Run folder: ')) disturb()
    },
  }
  const { status, stdout } = await run(args(name), { stderr })
  return { status, result: JSON.parse(stdout) as Record<string, unknown>, said: said.join('') }
}

describe('what cannot be written', () => {
  it('is told at the end when it is a checkpoint: training goes on', async () => {
    const { status, result, said } = await disturbed('a', () => writeFileSync(at('a/checkpoints'), ''))
    expect(status).toBe(6)
    expect(result).toMatchObject({
      ok: false,
      outcome: 'completed',
      steps: 6,
      missing: ['checkpoints'],
      error: { code: 'output.unwritable', fix: expect.stringContaining(`gpd train --resume ${at('a')}`) },
    })
    expect(said).toMatch(/no checkpoint: .* Training goes on, and tries again\./)
    expect(JSON.parse(await readFile(at('a/result.json'), 'utf8'))).toEqual(result)
    await loadNetwork(at('a/student'))
  })

  it('is told when it is the student, which can be had from the checkpoints later', async () => {
    const { status, result } = await disturbed('b', () => writeFileSync(at('b/student'), ''))
    expect(status).toBe(6)
    expect(result['error']).toMatchObject({
      message: expect.stringMatching(/student \(.*\)\. The checkpoint of step 6, '.*step-00000006', is whole\./),
    })
    expect(result).toMatchObject({ ok: false, missing: ['student'], accuracy: { test: expect.any(Number) as number } })
    await rm(at('b/student'))
    const again = await run(['train', '--resume', at('b'), '--json'])
    expect(again.status, again.stderr).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, missing: [], accuracy: result['accuracy'] })
    await loadNetwork(at('b/student'))
  })

  it('is told when it is the result', async () => {
    const { status, result } = await disturbed('c', () => mkdirSync(at('c/result.json')))
    expect(status).toBe(6)
    expect(result).toMatchObject({ ok: false, missing: ['result.json'] })
  })
})

describe('streams', () => {
  const broken = {
    write(): never {
      throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
    },
  }

  it('of notes that are broken end no run', async () => {
    const { status, stdout } = await run(args('d'), { stderr: broken })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ok: true })
  })

  it('of results that are broken neither, but the status tells', async () => {
    const { status } = await run(args('e'), { stdout: broken })
    expect(status).toBe(6)
    expect(await readdir(at('e'))).toContain('result.json')
  })
})

describe('a signal', () => {
  /** Aborts when something is said. */
  async function stopAt(text: string, name: string, given = args(name)) {
    const controller = new AbortController()
    const said: string[] = []
    const stderr = {
      write(line: string) {
        said.push(line)
        if (line.includes(text)) controller.abort()
      },
    }
    const { status, stdout } = await run(given, { stderr, signal: controller.signal })
    return { status, result: JSON.parse(stdout) as Record<string, unknown>, said: said.join('') }
  }

  it.each(['Backend: ', 'Run folder: '])('before the first step, at "%s", leaves nothing', async (text) => {
    const { status, result } = await stopAt(text, 'f')
    expect(status).toBe(130)
    expect(result).toMatchObject({ ok: false, error: { code: 'training.interrupted' } })
    expect(await readdir(folder)).not.toContain('f')
  })

  it('in the last evaluation leaves a run that is trained and saved, without test accuracies', async () => {
    const { status, result } = await stopAt('epoch 2/2', 'g')
    expect(status).toBe(130)
    expect(result).toMatchObject({
      ok: false,
      outcome: 'completed',
      steps: 6,
      error: { code: 'training.interrupted' },
      accuracy: { test: null },
    })
    await loadNetwork(at('g/student'))
    const again = await run(['train', '--resume', at('g'), '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({
      ok: true,
      steps: 6,
      accuracy: { test: expect.any(Number) as number },
    })
  })

  it('ends an evaluation', async () => {
    await run(args('h'))
    const given = ['evaluate', at('h/student'), '--data', at('images'), '--json']
    const { status, result } = await stopAt('Backend: ', 'h', given)
    expect(status).toBe(130)
    expect(result).toMatchObject({ ok: false, error: { code: 'training.interrupted' } })
  })
})
