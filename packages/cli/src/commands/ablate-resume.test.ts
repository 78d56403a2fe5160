/** Studies that are interrupted, taken up, and of which a part fails. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from '../testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)

interface StudyOutput {
  readonly ok: boolean
  readonly error?: { readonly code: string; readonly message: string }
  readonly arms: readonly {
    readonly name: string
    readonly trials: readonly { readonly outcome: string; readonly accuracy: number | null }[]
  }[]
}

const arms = { alone: {}, wider: { student: { width: 3 } } }
const study = { base: { ...tinyConfig, epochs: 2 }, seeds: [0, 1], arms }
const ablate = (...args: string[]) => run(['ablate', ...args, '--json'])
const accuracies = (stdout: string) =>
  (JSON.parse(stdout) as StudyOutput).arms.map(({ trials }) => trials.map(({ accuracy }) => accuracy))

/** Stops a study when it says something. */
function stopAt(text: string, output: string) {
  const controller = new AbortController()
  const stderr = { write: (said: string) => void (said.includes(text) && controller.abort()) }
  const args = ['ablate', '--config', at('study.json'), '--output', output, '--json']
  return run(args, { stderr, signal: controller.signal })
}

beforeAll(async () => {
  await writeTinyImages(at('images'))
  await writeConfig(folder, 'study.json', study)
  const { status, stdout } = await ablate('--config', at('study.json'), '--output', at('whole'))
  expect(status).toBe(0)
  expect(accuracies(stdout).flat().every(Number.isFinite)).toBe(true)
}, 120_000)

const whole = async () => accuracies(await readFile(at('whole/result.json'), 'utf8'))

describe('a study that was interrupted', () => {
  it('is taken up: what has ended is not repeated, what has not goes on', async () => {
    const { status } = await stopAt('wider, seed 0  epoch 1/2', at('stopped'))
    expect(status).toBe(130)
    const before = (await stat(at('stopped/arms/alone/seed-0/result.json'))).mtimeMs
    const { status: second, stdout, stderr } = await ablate('--resume', at('stopped'))
    expect(second, stderr).toBe(0)
    expect(stderr).toContain('alone, seed 0: is done.')
    expect(stderr).toContain('wider, seed 0: goes on after step 3.')
    expect(accuracies(stdout)).toEqual(await whole())
    expect((await stat(at('stopped/arms/alone/seed-0/result.json'))).mtimeMs).toBe(before)
  })

  it('repeats a training whose result is torn or another file', async () => {
    await ablate('--config', at('study.json'), '--output', at('torn'))
    await writeFile(at('torn/arms/alone/seed-0/result.json'), '{"seed": 0, "outc')
    await writeFile(at('torn/arms/wider/seed-1/result.json'), '[]')
    await rm(at('torn/arms/wider/seed-1/checkpoints'), { recursive: true })
    const { status, stdout, stderr } = await ablate('--resume', at('torn'), '--config', at('study.json'))
    expect(status, stderr).toBe(0)
    expect(stderr.match(/is done\./g)).toHaveLength(2)
    expect(accuracies(stdout)).toEqual(await whole())
  })

  it('is refused if an arm has changed, and may have more seeds', async () => {
    await writeConfig(folder, 'changed.json', { ...study, arms: { ...arms, wider: { student: { width: 4 } } } })
    const refused = await ablate('--config', at('changed.json'), '--output', at('whole'), '--resume')
    expect(refused).toMatchObject({ status: 4, stderr: expect.stringContaining('student.width: 3 → 4') })
    await writeConfig(folder, 'longer.json', { ...study, seeds: [0, 1, 2] })
    const longer = await ablate('--config', at('longer.json'), '--output', at('stopped'), '--resume')
    expect(accuracies(longer.stdout).map((list) => list.length)).toEqual([3, 3])
  })

  it('before its first step leaves nothing', async () => {
    const { status } = await stopAt('Study folder: ', at('nothing'))
    expect(status).toBe(130)
    await expect(stat(at('nothing'))).rejects.toThrow('ENOENT')
  })
})

it('one training that fails ends no study: it is counted and shown', async () => {
  const said: string[] = []
  const stderr = {
    write(text: string) {
      said.push(text)
      if (!text.startsWith('Study folder: ')) return
      mkdirSync(at('failing/arms'))
      writeFileSync(at('failing/arms/alone'), 'where a folder should be')
    },
  }
  const args = ['ablate', '--config', at('study.json'), '--output', at('failing')]
  const { status, stdout } = await run(args, { stderr })
  expect(status).toBe(6)
  expect(stdout).toMatch(/^alone +failed.* 0 of 2$/m)
  expect(stdout).toMatch(/^wider +\d.* 2$/m)
  expect(said.join('')).toMatch(/2 of 4 trainings failed: alone, seed 0; alone, seed 1.*\[output\.unwritable\]/)
  const { ok, arms: found } = JSON.parse(await readFile(at('failing/result.json'), 'utf8')) as StudyOutput
  expect(ok).toBe(false)
  expect(found[0]!.trials.map(({ outcome }) => outcome)).toEqual(['failed', 'failed'])
  await rm(at('failing/arms/alone'))
  const again = await ablate('--resume', at('failing'))
  expect(again.status, again.stderr).toBe(0)
  expect(accuracies(again.stdout)).toEqual(await whole())
})

it('names of arms steer no terminal', async () => {
  await writeConfig(folder, 'odd.json', { base: tinyConfig, seeds: [0], arms: { 'a\u001b[31m\u009b2J\nb': {} } })
  for (const more of [[], ['--json']]) {
    const output = at(`odd${more.length}`)
    const args = ['ablate', '--config', at('odd.json'), '--output', output, '--max-steps', '1', ...more]
    const { status, stdout, stderr } = await run(args, { env: { COLUMNS: '20', TERM: 'dumb', NO_COLOR: '1' } })
    expect(status, stderr).toBe(0)
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    expect(stderr).toContain('a\\u{1b}[31m\\u{9b}2J')
    if (more.length > 0) expect(JSON.parse(stdout)).toMatchObject({ baseline: 'a\u001b[31m\u009b2J\nb' })
  }
})
