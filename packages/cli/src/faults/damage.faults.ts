/** Files that are damaged, disks that are full, memory that is not there, and what a run does with them. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/tiny-images.ts'
import { digestOf, gpd, leftovers, writeTraining } from './training.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
const cwd = { cwd: folder }
const LONG = { timeout: 300_000 }
let whole = ''

const train = (output: string, ...more: string[]) =>
  gpd(['train', '--config', 'gpd.json', '--output', output, ...more], cwd).ended

/** The checkpoints of a run, the oldest first. */
const checkpointsOf = async (run: string) =>
  (await readdir(at(run, 'checkpoints'))).filter((name) => /^step-\d+$/.test(name)).sort()

beforeAll(async () => {
  await writeTraining(folder)
  expect((await train('whole')).status).toBe(0)
  whole = await digestOf(at('whole'))
  expect((await train('half', '--max-steps', '14')).status).toBe(0)
}, LONG.timeout)

/** A copy of the run that stopped half-way. */
async function half(name: string): Promise<string> {
  await cp(at('half'), at(name), { recursive: true })
  return name
}

type Damage = (bytes: Buffer) => Buffer

const flip: Damage = (bytes) => {
  const changed = Buffer.from(bytes)
  changed[Math.floor(bytes.length / 2)]! ^= 1
  return changed
}
const cut =
  (length: (size: number) => number): Damage =>
  (bytes) =>
    bytes.subarray(0, length(bytes.length))

const DAMAGES: Readonly<Record<string, Damage>> = {
  'one bit': flip,
  'nothing left': cut(() => 0),
  'seven bytes left': cut(() => 7),
  'half left': cut((size) => Math.floor(size / 2)),
  'one byte less': cut((size) => size - 1),
}

describe('a damaged checkpoint', () => {
  it.each(Object.entries(DAMAGES))(
    '%s: is set aside by name, and the one before it is used',
    LONG,
    async (name, damage) => {
      const run = await half(`damaged ${name}`)
      const newest = (await checkpointsOf(run)).at(-1)!
      const files = await readdir(at(run, 'checkpoints', newest))
      const file = files[name.length % files.length]!
      const path = at(run, 'checkpoints', newest, file)
      await writeFile(path, damage(await readFile(path)))
      const { status, stderr } = await train(run, '--resume')
      expect(status, stderr).toBe(0)
      expect(stderr).toContain(newest)
      expect(await digestOf(at(run))).toBe(whole)
    },
  )

  it('if all are: nothing is trained, exit 4', LONG, async () => {
    const run = await half('all damaged')
    for (const checkpoint of await checkpointsOf(run)) {
      const path = at(run, 'checkpoints', checkpoint, 'state.json')
      await writeFile(path, flip(await readFile(path)))
    }
    expect(await train(run, '--resume')).toMatchObject({ status: 4 })
  })
})

describe('a run that is resumed', () => {
  it('with another configuration is refused with the difference, exit 4', LONG, async () => {
    const run = await half('changed')
    const { status, stderr } = await train(run, '--resume', '--set', 'optimizer.momentum=0.8')
    expect([status, stderr]).toEqual([4, expect.stringContaining('optimizer.momentum: 0.9 → 0.8')])
  })

  it('with other images is refused, exit 4', LONG, async () => {
    const run = await half('other images')
    const path = at('images', 'train-images-idx3-ubyte')
    const bytes = await readFile(path)
    await writeFile(path, flip(bytes))
    const { status, stderr } = await train(run, '--resume')
    await writeFile(path, bytes)
    expect([status, stderr]).toEqual([4, expect.stringContaining('data.train')])
    // What was refused is still there, and goes on with its own images.
    expect((await train(run, '--resume')).status).toBe(0)
    expect(await digestOf(at(run))).toBe(whole)
  })

  it('after its folder was moved, to a name with spaces and other scripts', LONG, async () => {
    const run = await half('moved')
    const to = `verschoben ñ 訓練 ${'x'.repeat(150)}`
    await rename(at(run), at(to))
    const { status, stderr } = await gpd(['train', '--resume', at(to)], cwd).ended
    expect(status, stderr).toBe(0)
    expect(await digestOf(at(to))).toBe(whole)
  })

  it('without memory fails, and leaves the checkpoints as they were', LONG, async () => {
    const run = await half('no memory')
    const before = await checkpointsOf(run)
    const args = ['train', '--config', 'gpd.json', '--output', run, '--resume']
    const { status } = await gpd(args, cwd, ['--max-old-space-size=12']).ended
    expect(status).not.toBe(0)
    expect((await checkpointsOf(run)).slice(0, before.length)).toEqual(before)
    const again = await train(run, '--resume')
    expect(again.status, again.stderr).toBe(0)
    expect(await digestOf(at(run))).toBe(whole)
  })
})

/** A disk of 2 MiB; whether there is one. */
function mountDisk(path: string): boolean {
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('an output that cannot be written', () => {
  it.each(['/dev/null/run', '/proc/run', 'gpd.json'])(
    '%s: is refused before training, exit 2',
    LONG,
    async (output) => {
      const { status, stdout } = await train(output, '--json')
      expect(status).toBe(2)
      expect(JSON.parse(stdout)).toMatchObject({ ok: false })
    },
  )

  const disk = at('disk')
  const mounted = mountDisk(disk)
  afterAll(() => void (mounted && execFileSync('umount', [disk])))
  if (!mounted) console.log('skipped: a disk that fills up (no disk can be mounted here)')

  it.skipIf(!mounted)(
    'a disk that fills up: training goes on, exit 6; with space again it is resumed',
    LONG,
    async () => {
      const running = gpd(['train', '--config', 'gpd.json', '--output', join(disk, 'run')], cwd)
      await running.said('epoch 2/')
      await writeFile(join(disk, 'full'), Buffer.alloc(4 << 20)).catch(() => undefined)
      const { status, stderr } = await running.ended
      expect(status, stderr).toBe(6)
      await rm(join(disk, 'full'))
      const again = await gpd(['train', '--resume', join(disk, 'run')], cwd).ended
      expect(again.status, again.stderr).toBe(0)
      expect(await digestOf(join(disk, 'run'))).toBe(whole)
      expect(await leftovers(join(disk, 'run'))).toEqual([])
    },
  )
})

describe('signals', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s: the step is finished and saved within two seconds', LONG, async (signal, expected) => {
    const running = gpd(['train', '--config', 'gpd.json', '--output', signal], cwd)
    await running.said('epoch 3/')
    running.kill(signal)
    const { status, took } = await running.ended
    expect(status).toBe(expected)
    expect(took).toBeLessThan(2000)
    const again = await train(signal, '--resume')
    expect(again.status, again.stderr).toBe(0)
    expect(await digestOf(at(signal))).toBe(whole)
  })

  it('SIGINT twice: it ends at once, and goes on as well', LONG, async () => {
    const running = gpd(['train', '--config', 'gpd.json', '--output', 'twice'], cwd)
    await running.said('epoch 3/')
    running.kill('SIGINT')
    running.kill('SIGINT')
    expect((await running.ended).status).toBe(130)
    const again = await train('twice', '--resume')
    expect(again.status, again.stderr).toBe(0)
    expect(await digestOf(at('twice'))).toBe(whole)
  })
})
