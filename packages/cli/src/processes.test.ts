/** Real processes: killed, stopped, two at once, with streams that cannot be written to. */
import { readdir, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { loadNetwork } from '@gpdjs/interchange'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from './testing/run.ts'
import { startNode, type ProcessOptions } from './testing/start-node.ts'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from './testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
const program = fileURLToPath(new URL('main.ts', import.meta.url))
/** By its path, since these processes do not run in the repository. */
const tsx = join(dirname(createRequire(import.meta.url).resolve('tsx/package.json')), 'dist/loader.mjs')
const flags = ['--conditions=@gpdjs/source', '--import', pathToFileURL(tsx).href, program]

const gpd = (args: readonly string[], { cwd = folder, ...files }: Partial<ProcessOptions> = {}) =>
  startNode([...flags, ...args], { cwd, ...files })

const weightsOf = (name: string) => readFile(at(name, 'student/weights.safetensors'), 'hex')
const config = () => ['--config', at('long.json')]
const EPOCHS = 8
const LONG = { timeout: 120_000 }

beforeAll(async () => {
  await writeTinyImages(at('images'))
  await writeConfig(folder, 'tiny.json', tinyConfig)
  await writeConfig(folder, 'long.json', { ...tinyConfig, epochs: EPOCHS, checkpoints: { steps: 1 } })
  await writeConfig(folder, 'endless.json', { ...tinyConfig, epochs: 100_000 })
  expect((await run(['train', ...config(), '--output', at('whole')])).status).toBe(0)
}, LONG.timeout)

describe('a process that is killed', () => {
  it('with -9 loses nothing that was saved: taken up, it ends as if it had not been', LONG, async () => {
    for (let epoch = 2; ; epoch += 3) {
      const started = gpd(['train', ...config(), '--output', at('killed'), '--resume=auto'])
      if (epoch >= EPOCHS) {
        expect((await started.ended).status).toBe(0)
        break
      }
      await started.said(`epoch ${epoch}/`)
      started.kill('SIGKILL')
      await started.ended
      expect(await readdir(at('killed'))).toContain('run.lock')
    }
    expect(await weightsOf('killed')).toBe(await weightsOf('whole'))
    expect(await readdir(at('killed'))).not.toContain('run.lock')
  })

  it('with SIGTERM has saved and goes on from there', LONG, async () => {
    const started = gpd(['train', ...config(), '--output', at('terminated')])
    await started.said('epoch 2/')
    started.kill('SIGTERM')
    const { status, took } = await started.ended
    expect(status).toBe(143)
    expect(took).toBeLessThan(5000)
    const { stderr } = await run(['train', '--resume', at('terminated')])
    expect(stderr).toMatch(/goes on after step \d+/)
    expect(await weightsOf('terminated')).toBe(await weightsOf('whole'))
  })

  it('while it evaluates ends soon, with the status of the signal and one object', LONG, async () => {
    const started = gpd(['evaluate', at('whole/student'), '--data', at('images'), '--json'])
    await started.said('Backend: ')
    started.kill('SIGTERM')
    const { status, stdout } = await started.ended
    // It may have been done already.
    expect([0, 143]).toContain(status)
    expect(JSON.parse(stdout)).toMatchObject({ ok: status === 0 })
  })
})

describe('two processes', () => {
  it('never write to one folder: the second is told who does', LONG, async () => {
    const first = gpd(['train', '--config', at('endless.json'), '--output', at('shared')])
    await first.said('epoch 1/')
    const second = await gpd(['train', '--resume', at('shared'), '--json']).ended
    expect(second.status).toBe(7)
    expect(second.stderr).toMatch(new RegExp(`held by process \\d+ on '${hostname()}'`))
    expect(JSON.parse(second.stdout)).toMatchObject({ ok: false, error: { code: 'output.locked' } })
    first.kill('SIGTERM')
    expect((await first.ended).status).toBe(143)
  })

  it('that begin at once in one folder: one trains, the other leaves it alone', LONG, async () => {
    const args = ['train', '--config', at('tiny.json'), '--output', at('at-once')]
    const ended = await Promise.all(['1', '2'].map((seed) => gpd([...args, '--seed', seed]).ended))
    const statuses = ended.map(({ status }) => status)
    expect(statuses.filter((status) => status === 0)).toHaveLength(1)
    // Locked, or done already.
    expect([2, 7]).toContain(statuses.find((status) => status !== 0))
    const seed = String(statuses.indexOf(0) + 1)
    const resolved = JSON.parse(await readFile(at('at-once/config.resolved.json'), 'utf8')) as { seed: number }
    const { metadata } = await loadNetwork(at('at-once/student'))
    expect([String(resolved.seed), metadata['seed']]).toEqual([seed, seed])
  })

  it('without --output get folders of their own, also in one second', LONG, async () => {
    const ended = await Promise.all([1, 2, 3].map(() => gpd(['train', '--config', at('tiny.json')]).ended))
    expect(ended.map(({ status }) => status)).toEqual([0, 0, 0])
    expect(await readdir(at('runs'))).toHaveLength(3)
  })
})

describe.skipIf(process.platform !== 'linux')('a stream that is full', () => {
  const args = (name: string) => ['train', '--config', at('tiny.json'), '--output', at(name), '--json']

  it('of notes ends no run', LONG, async () => {
    const { status, stdout } = await gpd(args('full-notes'), { stderr: '/dev/full' }).ended
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ok: true })
  })

  it('of results ends it with status 6, when all is saved', LONG, async () => {
    const { status } = await gpd(args('full-results'), { stdout: '/dev/full' }).ended
    expect(status).toBe(6)
    await loadNetwork(at('full-results/student'))
  })

  it('before anything: a folder that cannot be made', LONG, async () => {
    const { status, stderr } = await gpd(['train', '--config', at('tiny.json'), '--output', '/dev/null/run']).ended
    expect([status, stderr]).toEqual([2, expect.stringContaining('ENOTDIR')])
  })
})
