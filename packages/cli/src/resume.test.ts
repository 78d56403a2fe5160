/** Runs that go on: what is the same, what is refused, what is said. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { holdFolder } from '@gpdjs/interchange'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from './testing/run.ts'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from './testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
const train = (...args: string[]) => run(['train', ...args])
const config = () => ['--config', at('gpd.json')]

/** Everything that a run has come to, but for times. */
async function outcomeOf(name: string) {
  const weights = await Promise.all(
    ['student', 'best', 'ema'].map((part) => readFile(at(name, part, 'weights.safetensors'), 'hex')),
  )
  const lines = (await readFile(at(name, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n')
  const metrics = lines.map((line) => {
    const { 'samples-per-second': _, 'data-wait': __, ...numbers } = JSON.parse(line) as Record<string, unknown>
    return numbers
  })
  const { accuracy } = JSON.parse(await readFile(at(name, 'result.json'), 'utf8')) as { accuracy: unknown }
  return { weights, metrics, accuracy }
}

beforeAll(async () => {
  await writeTinyImages(at('images'))
  const method = { dynamicTeacher: { ratio: 2 }, ema: { decay: 0.9 } }
  await writeConfig(folder, 'gpd.json', { ...tinyConfig, ...method, epochs: 2, checkpoints: { steps: 1 } })
  expect((await train(...config(), '--output', at('whole'))).status).toBe(0)
}, 120_000)

describe('a run that goes on', () => {
  it.each([1, 3, 4])('after step %i is the same as one that never stopped', async (step) => {
    const name = `stopped-${step}`
    const first = await train(...config(), '--output', at(name), '--max-steps', String(step))
    expect(first.status).toBe(0)
    expect(first.stderr).toContain(`Run folder: ${at(name)}. If it stops, go on with: gpd train --resume ${at(name)}\n`)
    expect(first.stderr).toMatch(/Saved in .*; to go on: gpd train --resume .*\n$/)
    const second = await train('--resume', at(name), '--json')
    expect(second.status, second.stderr).toBe(0)
    expect(second.stderr).toContain(`goes on after step ${step}.`)
    expect(JSON.parse(second.stdout)).toMatchObject({ ok: true, outcome: 'completed', steps: 6, missing: [] })
    expect(await outcomeOf(name)).toEqual(await outcomeOf('whole'))
  })

  it('may have been moved, and be named by --output', async () => {
    await train(...config(), '--output', at('before'), '--max-steps', '2')
    await rename(at('before'), at('moved here'))
    const { status, stderr } = await train(...config(), '--output', at('moved here'), '--resume')
    expect(status, stderr).toBe(0)
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(`Saved in ${at('moved here')}`)
    expect(await outcomeOf('moved here')).toEqual(await outcomeOf('whole'))
  })

  it('that is complete says its result again, and trains for more epochs', async () => {
    await train(...config(), '--output', at('complete'))
    const before = await outcomeOf('complete')
    const again = await train('--resume', at('complete'), '--json')
    expect(again).toMatchObject({ status: 0, stderr: expect.stringContaining('This run is complete') })
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, steps: 6, accuracy: before.accuracy })
    const more = await train('--resume', at('complete'), '--set', 'epochs=3', '--json')
    expect(JSON.parse(more.stdout)).toMatchObject({ ok: true, steps: 9 })
    expect(more.stderr).toContain('Changed: epochs: 2 → 3')
    expect(JSON.parse(await readFile(at('complete/config.resolved.json'), 'utf8'))).toMatchObject({ epochs: 3 })
  })
})

describe('--resume=auto', () => {
  it('begins where there is nothing, and goes on where there is something', async () => {
    const auto = [...config(), '--output', at('auto'), '--resume=auto']
    expect((await train(...auto, '--max-steps', '2')).status).toBe(0)
    const second = await train(...auto)
    expect(second.stderr).toContain('goes on after step 2')
    expect(await outcomeOf('auto')).toEqual(await outcomeOf('whole'))
  })

  it('begins anew in the folder of a run that was killed before its first checkpoint', async () => {
    await mkdir(at('early'))
    await writeFile(at('early/config.resolved.json'), await readFile(at('whole/config.resolved.json')))
    await writeFile(at('early/metrics.jsonl'), '{"type":"st')
    await writeFile(at('early/notes.txt'), 'mine')
    const refused = await train('--resume', at('early'))
    expect(refused).toMatchObject({
      status: 4,
      stderr: expect.stringMatching(/expected a checkpoint .* found none.*--resume=auto/),
    })
    expect((await train('--resume=auto', '--output', at('early'))).status).toBe(0)
    expect(await outcomeOf('early')).toEqual(await outcomeOf('whole'))
    expect(await readFile(at('early/notes.txt'), 'utf8')).toBe('mine')
  })
})

describe('what is refused', () => {
  beforeAll(async () => void (await train(...config(), '--output', at('begun'), '--max-steps', '2')))

  it('another configuration, with every difference', async () => {
    const changed = ['--set', 'optimizer.learningRate=0.1', '--set', 'epochs=3', '--seed', '7']
    const { status, stdout, stderr } = await train('--resume', at('begun'), ...changed, '--json')
    expect(status).toBe(4)
    expect(stderr).toContain('  optimizer.learningRate: 0.05 → 0.1\n')
    expect(stderr).toContain('  seed: 42 → 7\n')
    expect(stderr).not.toContain('epochs')
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'checkpoint.incompatible' } })
  })

  it('but not if the change is allowed', async () => {
    await train(...config(), '--output', at('allowed'), '--max-steps', '2')
    const change = ['--set', 'optimizer.learningRate=0.1', '--allow-change', 'optimizer.learningRate']
    const { status, stderr } = await train('--resume', at('allowed'), ...change)
    expect(status, stderr).toBe(0)
    expect(stderr).toContain('Changed: optimizer.learningRate: 0.05 → 0.1')
  })

  it.each<[args: string[], status: number, message: RegExp]>([
    [['--resume', 'nowhere'], 4, /nowhere': expected a run to go on with, found none/],
    [['--resume'], 2, /--resume: expected the folder of a run/],
    [['--resume', '/a', '--output', '/b'], 2, /expected the folder of --output/],
    [['--resume=auto'], 2, /expected the folder of a run/],
    [['--resum'], 2, /no option '--resum'\. Did you mean '--resume'\?/],
    [['--config', 'gpd.json', '--save-every', '5 parsecs'], 2, /--save-every: expected 500, 10m, 1epoch or off/],
  ])('%j', async (args, status, message) => {
    const found = await train(...args.map((arg) => (arg === 'gpd.json' ? at(arg) : arg)))
    expect(found.stderr).toMatch(message)
    expect(found).toMatchObject({ status, stdout: '' })
  })

  it('a folder that another run writes to, naming it', async () => {
    const held = await holdFolder(at('begun'))
    for (const args of [
      [...config(), '--output', at('begun')],
      ['--resume', at('begun'), '--json'],
    ]) {
      const { status, stdout, stderr } = await train(...args)
      expect(status).toBe(7)
      expect(stderr).toContain(`held by process ${process.pid} on`)
      if (args.includes('--json')) expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'output.locked' } })
    }
    await held.release()
    const { stderr } = await train(...config(), '--output', at('begun'))
    expect(stderr).toMatch(/found files in it\. .*gpd train --resume/)
  })
})

describe('checkpoints', () => {
  it('are kept in the folder of the run, or not at all', async () => {
    await train(...config(), '--output', at('off'), '--save-every', 'off')
    expect(await readdir(at('off'))).not.toContain('checkpoints')
    await train(...config(), '--output', at('often'), '--save-every', '4')
    expect((await readdir(at('often/checkpoints'))).sort()).toEqual(['step-00000004', 'step-00000006'])
    await train(...config(), '--output', at('epochs'), '--save-every', '1epoch')
    expect((await readdir(at('epochs/checkpoints'))).sort()).toEqual(['step-00000003', 'step-00000006'])
  })

  it('that were removed let a complete run say its result', async () => {
    await train(...config(), '--output', at('removed'))
    await rm(at('removed/checkpoints'), { recursive: true })
    expect((await train('--resume', at('removed'))).status).toBe(0)
  })
})
