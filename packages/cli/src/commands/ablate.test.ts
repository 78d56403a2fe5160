import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadNetwork } from '@gpdjs/interchange'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from '../testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)

interface StudyOutput {
  readonly baseline: string
  readonly arms: readonly {
    readonly name: string
    readonly trials: readonly { readonly seed: number; readonly accuracy: number; readonly outcome: string }[]
    readonly accuracy: { readonly mean: number; readonly deviation: number } | null
    readonly difference: number | null
    readonly cost: { readonly parameters: Record<string, number>; readonly stepFlops: number }
  }[]
}

const study = { base: tinyConfig, seeds: [0, 1], arms: { alone: {}, 'with GPD': { dynamicTeacher: { ratio: 2 } } } }

describe('gpd ablate', () => {
  beforeAll(async () => {
    await writeTinyImages(at('images'))
    await writeConfig(folder, 'study.json', study)
  })

  it('trains every arm with every seed and compares them', async () => {
    const { status, stdout, stderr } = await run([
      'ablate',
      '--config',
      at('study.json'),
      '--output',
      at('out'),
      '--json',
    ])
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(`Saved in ${at('out')}`)
    expect(status).toBe(0)
    const result = JSON.parse(stdout) as StudyOutput
    expect(result).toMatchObject({ schema: 1, ok: true, baseline: 'alone', folder: at('out') })
    expect(JSON.parse(await readFile(at('out/result.json'), 'utf8'))).toEqual(result)

    const [alone, gpd] = result.arms
    expect([alone!.name, gpd!.name]).toEqual(['alone', 'with GPD'])
    for (const { trials, accuracy } of result.arms) {
      expect(trials.map(({ seed, outcome }) => ({ seed, outcome }))).toEqual(
        [0, 1].map((seed) => ({ seed, outcome: 'completed' })),
      )
      const [a, b] = trials.map((trial) => trial.accuracy) as [number, number]
      expect(accuracy!.mean).toBeCloseTo((a + b) / 2, 12)
      expect(accuracy!.deviation).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12)
    }
    expect(alone!.difference).toBe(0)
    expect(gpd!.difference).toBeCloseTo(gpd!.accuracy!.mean - alone!.accuracy!.mean, 12)
    expect(alone!.cost.parameters).toEqual({ student: 1321 })
    // Interior layers of twice the width cost four times as much: a step of both is between 3 and 5 steps of one.
    expect(gpd!.cost.stepFlops / alone!.cost.stepFlops).toBeGreaterThan(3)
    expect(gpd!.cost.stepFlops / alone!.cost.stepFlops).toBeLessThan(5)
    expect(await readdir(at('out/arms/with-GPD/seed-1'))).toEqual([
      'best',
      'checkpoints',
      'metrics.jsonl',
      'result.json',
      'student',
    ])
    expect((await loadNetwork(at('out/arms/with-GPD/seed-1/student'))).metadata).toMatchObject({ seed: '1' })
  })

  it('gives each trial what gpd train gives with that seed', async () => {
    const { stdout } = await run(['ablate', '--config', at('study.json'), '--output', at('same'), '--json'])
    const [alone] = (JSON.parse(stdout) as StudyOutput).arms
    await writeConfig(folder, 'alone.json', tinyConfig)
    const trained = await run(['train', '--config', at('alone.json'), '--seed', '1', '--output', at('alone'), '--json'])
    expect(alone!.trials[1]!.accuracy).toBe(
      (JSON.parse(trained.stdout) as { accuracy: { test: number } }).accuracy.test,
    )
  })

  it('prints a table without --json', async () => {
    const { stdout } = await run(['ablate', '--config', at('study.json'), '--output', at('table'), '--max-steps', '1'])
    expect(stdout).toMatch(/^arm +test accuracy.*\nalone +\d+\.\d\d ± \d+\.\d\d % +baseline .*\nwith GPD .*\n$/)
  })

  it('goes on when an arm diverges, and says so in the end', async () => {
    const arms = { hot: { optimizer: { learningRate: 1e12 } }, alone: {} }
    await writeConfig(folder, 'hot.json', { ...study, seeds: [0], baseline: 'alone', arms })
    const { status, stdout } = await run(['ablate', '--config', at('hot.json'), '--output', at('hot'), '--json'])
    expect(status).toBe(5)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: { code: 'training.diverged', message: 'Training diverged: hot.' },
      arms: [
        { name: 'hot', accuracy: null },
        { name: 'alone', difference: 0 },
      ],
    })
  })

  it('stops when it is told to, with what it has', async () => {
    const controller = new AbortController()
    const stderr = { write: (text: string) => void (text.startsWith('with GPD, seed 0  epoch') && controller.abort()) }
    const args = ['ablate', '--config', at('study.json'), '--output', at('stopped'), '--json']
    const { status, stdout } = await run(args, { stderr, signal: controller.signal })
    expect(status).toBe(130)
    const { arms, ...rest } = JSON.parse(stdout) as StudyOutput
    expect(rest).toMatchObject({ ok: false, error: { code: 'training.interrupted' } })
    expect(arms[0]!.trials).toHaveLength(1)
  })

  it.each([
    [2, { ...study, baseline: 'alon' }, /baseline: no arm is called 'alon'\. Did you mean 'alone'\?/],
    [2, { ...study, arms: {} }, /arms: expected at least one/],
    [2, { ...study, seeds: [1, 1] }, /seeds: expected different numbers, got 1, 1/],
    [
      2,
      { ...study, arms: { a: { dynamicTeacher: { ratoi: 2 } } } },
      /arm 'a': dynamicTeacher\.ratoi: no such key\. Did you mean 'ratio'\?/,
    ],
    [4, { ...study, arms: { alone: {}, a: { teacher: { weights: 'x' } } } }, /Cannot read '.*x\/network\.json/],
    [
      2,
      { ...study, arms: { alone: {}, a: { dynamicTeacher: { loss: { name: 'kdd' } } } } },
      /dynamicTeacher\.loss\.name: no loss is called 'kdd'/,
    ],
  ])('refuses a study that cannot work before it trains anything: %#', async (expected, wrong, message) => {
    await writeConfig(folder, 'wrong.json', wrong)
    const { status, stderr } = await run(['ablate', '--config', at('wrong.json'), '--output', at('wrong')])
    expect(stderr).toMatch(message)
    expect(status).toBe(expected)
    expect(await readdir(folder)).not.toContain('wrong')
  })
})
