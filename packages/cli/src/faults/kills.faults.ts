/** kill -9 at random instants: whatever was being done, the run goes on and ends bit for bit as if nothing had happened. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomStream } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/tiny-images.ts'
import { digestOf, gpd, leftovers, writeTraining } from './training.ts'

/** How many kills; `GPD_KILLS=200` is the long version. */
const KILLS = Number(process.env['GPD_KILLS'] ?? 12)
const SEED = Number(process.env['GPD_SEED'] ?? 1)

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
let whole = ''
/** Seconds that a whole run takes, and those before its first step. */
let seconds = 0

beforeAll(async () => {
  await writeTraining(folder)
  const began = performance.now()
  const { status, stderr } = await gpd(['train', '--config', 'gpd.json', '--output', 'whole'], { cwd: folder }).ended
  expect(status, stderr).toBe(0)
  seconds = (performance.now() - began) / 1000
  whole = await digestOf(at('whole'))
}, 300_000)

describe('a run that is killed', () => {
  it(`${KILLS} times ends as if it had not been`, { timeout: (60 + 30 * KILLS) * 1000 }, async () => {
    const stream = randomStream(SEED, 'kills')
    let kills = 0
    let runs = 0
    while (kills < KILLS) {
      const running = gpd(['train', '--config', 'gpd.json', '--output', 'killed', '--resume=auto'], { cwd: folder })
      // Sooner or later than it would end: some kills hit its start, some its last save, and some come too late.
      const lives = await Promise.race([running.ended.then(() => false), sleep(stream.uniform() * seconds * 1100)])
      if (lives === undefined) {
        running.kill('SIGKILL')
        kills++
      }
      const { status, stderr } = await running.ended
      if (status === null) continue
      expect(status, stderr).toBe(0)
      expect(await digestOf(at('killed'))).toBe(whole)
      expect(await leftovers(at('killed'))).toEqual([])
      await rm(at('killed'), { recursive: true })
      runs++
    }
    const last = await gpd(['train', '--config', 'gpd.json', '--output', 'killed', '--resume=auto'], { cwd: folder })
      .ended
    expect(last.status, last.stderr).toBe(0)
    expect(await digestOf(at('killed'))).toBe(whole)
    console.log(`${kills} kills, ${runs + 1} runs, all as one that was not killed (seed ${SEED}).`)
  })
})
