/** Real processes that are killed with -9 while they save, and several that save and read at once. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { randomStream } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { listCheckpoints } from './checkpoint-folders.ts'
import { loadCheckpoint } from './checkpoints.ts'
import { loadState, saveState, type State } from './saved-state.ts'

const at = temporaryFolder()
beforeAll(async () => void (await tf.setBackend('cpu')))

/** `GPD_KILLS=200` for the long version. */
const KILLS = Number(process.env['GPD_KILLS'] ?? 5)
const program = fileURLToPath(new URL('../testing/saving-process.ts', import.meta.url))

interface Saving {
  readonly child: ChildProcess
  /** What it said it has saved. */
  readonly said: number[]
  readonly ended: Promise<NodeJS.Signals | null>
}

function startSaving(...args: readonly (string | number)[]): Saving {
  const flags = ['--conditions=@gpdjs/source', '--import', 'tsx', program]
  const child = spawn(process.execPath, [...flags, ...args.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: number[] = []
  child.stdout.on('data', (data: Buffer) => said.push(...String(data).trim().split('\n').map(Number)))
  let complaints = ''
  child.stderr.on('data', (data: Buffer) => void (complaints += String(data)))
  const ended = new Promise<NodeJS.Signals | null>((done, fail) => {
    child.on('close', (status, signal) => (status ? fail(new Error(complaints)) : done(signal)))
  })
  return { child, said, ended }
}

/** The number that all of a state tells. */
function numberOf({ records, state }: State): number {
  const values = Object.values(records).flatMap(({ w }) => [...new Set(w!.dataSync())])
  expect(new Set([...values, state]).size).toBe(1)
  tf.dispose(Object.values(records))
  return state as number
}

const saveNumber = (path: string, value: number) => saveState(path, { a: { w: tf.scalar(value) } }, value)
const leftIn = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('.'))

/** Kills it a while after it has said the first. */
async function killLater(saving: Saving, milliseconds: number): Promise<number> {
  while (saving.said.length === 0) await sleep(5)
  await sleep(milliseconds)
  saving.child.kill('SIGKILL')
  expect(await saving.ended).toBe('SIGKILL')
  return saving.said.at(-1)!
}

describe('a process that is killed', () => {
  it('at calls one after the other leaves the state before, then the new one', { timeout: 300_000 }, async () => {
    const found: number[] = []
    await saveState(at('state'), { a: { w: tf.scalar(1) }, b: { w: tf.scalar(1) } }, 1)
    for (let last = 7; ; last += 11) {
      const { ended } = startSaving('state', at('state'), 2, 2, last)
      const signal = await ended
      found.push(numberOf(await loadState(at('state'))))
      if (signal === null) break
      expect(signal).toBe('SIGKILL')
      await saveNumber(at('state'), 1)
      expect(numberOf(await loadState(at('state')))).toBe(1)
      expect(await leftIn(at('state'))).toEqual([])
    }
    expect(found.slice(0, 2)).toEqual([1, 1])
    expect(found.length).toBeGreaterThan(5)
    expect(found.filter((number, i) => number !== found[i - 1])).toEqual([1, 2])
  })

  it('at any time leaves what it said it saved, or what it was saving', { timeout: 600_000 }, async () => {
    const stream = randomStream(5, 'kills')
    let next = 1
    for (let kill = 0; kill < KILLS; kill++) {
      const said = await killLater(startSaving('state', at('state'), next, 1e6), stream.integer(60))
      const found = numberOf(await loadState(at('state')))
      expect([said, said + 1]).toContain(found)
      next = found + 1
    }
    await saveNumber(at('state'), next)
    expect(await leftIn(at('state'))).toEqual([])
  })

  it('among checkpoints leaves the newest whole, and never fewer than two', { timeout: 600_000 }, async () => {
    const stream = randomStream(6, 'kills')
    let next = 1
    for (let kill = 0; kill < KILLS; kill++) {
      const said = await killLater(startSaving('checkpoint', at('run'), next, 1e6), 20 + stream.integer(60))
      const found = await loadCheckpoint(at('run'))
      expect([said, said + 1]).toContain(numberOf(found))
      expect((await listCheckpoints(at('run'))).length).toBeGreaterThanOrEqual(Math.min(said, 2))
      expect(await leftIn(at('run'))).toEqual([])
      next = found.step + 1
    }
    expect((await readdir(at('run'))).filter((name) => name.endsWith('.corrupt'))).toEqual([])
  })
})

describe('processes that save one folder at once', () => {
  it.each(['new', 'old'])(
    'leave one of their states; readers see whole ones (%s)',
    { timeout: 120_000 },
    async (state) => {
      if (state === 'old') await saveNumber(at('state'), 1)
      const saving = [100, 200, 300].map((first) => startSaving('state', at('state'), first, first + 15))
      let over = false
      const ended = Promise.all(saving.map((each) => each.ended)).finally(() => (over = true))
      let reads = 0
      while (!over) {
        const found = await loadState(at('state')).catch((error: { code: string }) => error)
        if ('records' in found) reads++
        if ('records' in found) numberOf(found)
        else expect(found).toMatchObject({ code: 'checkpoint.missing' })
        await sleep(2)
      }
      expect(await ended).toEqual([null, null, null])
      expect(reads).toBeGreaterThan(10)
      expect([115, 215, 315]).toContain(numberOf(await loadState(at('state'))))
      expect([...(await leftIn(at('state'))), ...(await leftIn(at()))]).toEqual([])
    },
  )
})
