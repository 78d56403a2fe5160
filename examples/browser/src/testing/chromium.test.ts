import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inChromium } from './chromium.ts'

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

// Programs in place of Chromium: scripts, which Windows does not start.
describe.skipIf(process.platform === 'win32')('inChromium', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gpd-no-chromium-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  /** A program that writes its process and its profile to a file, prints a line, and then runs `rest`. */
  async function program(rest: string): Promise<string> {
    const file = join(folder, 'program')
    const noting = `echo $$ "$@" > '${join(folder, 'note')}'; echo a word of warning >&2`
    await writeFile(file, `#!/bin/sh\n${noting}\n${rest}\n`)
    await chmod(file, 0o755)
    return file
  }
  async function left(): Promise<{ process: boolean; profile: boolean }> {
    const [pid, ...flags] = (await note()).trim().split(' ')
    const profile = flags.find((flag) => flag.startsWith('--user-data-dir='))!.split('=')[1]!
    return { process: isAlive(Number(pid)), profile: existsSync(profile) }
  }
  const visit = { url: 'about:blank', graphics: 'none', limit: 5000 } as const
  const never = new Promise<never>(() => undefined)
  const note = () => readFile(join(folder, 'note'), 'utf8').catch(() => '')
  const noted = async () => {
    while (!(await note()).endsWith('\n')) await new Promise((resolve) => setTimeout(resolve, 10))
    return 'a report'
  }

  it('ends the browser when the report is there', async () => {
    const found = await inChromium({ ...visit, program: await program('sleep 60'), until: noted() })
    expect(found).toBe('a report')
    expect(await left()).toEqual({ process: false, profile: false })
  })

  it('ends it after the time limit, with its log', async () => {
    const late = inChromium({ ...visit, program: await program('sleep 60'), until: never, limit: 1000 })
    await expect(late).rejects.toThrow(/did not report within 1000 ms:\na word of warning/)
    expect(await left()).toEqual({ process: false, profile: false })
  })

  it('fails with the log of one that ends by itself', async () => {
    const failed = inChromium({ ...visit, program: await program('exit 3'), until: never })
    await expect(failed).rejects.toThrow(/ended with status 3:\na word of warning/)
    expect(await left()).toEqual({ process: false, profile: false })
  })

  it('fails where there is none', async () => {
    const failed = inChromium({ ...visit, program: join(folder, 'nothing'), until: never })
    await expect(failed).rejects.toThrow('ENOENT')
  })
})
