import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

const isExecutable = (file: string) => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The program in `$CHROMIUM`, or the first of the usual names on the path; undefined where there is none. */
export function findChromium(): string | undefined {
  const asked = process.env['CHROMIUM']
  if (asked) return asked
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

const FLAGS = [
  '--headless=new',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  '--enable-logging=stderr', // the page's console
]

/** WebGPU on an adapter in software, which Chromium brings along, or no graphics at all. */
const GRAPHICS = {
  software: ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  none: ['--disable-gpu'],
} as const
export type Graphics = keyof typeof GRAPHICS

export interface PageVisit<T> {
  readonly program: string
  readonly url: string
  readonly graphics: Graphics
  readonly until: Promise<T>
  /** Milliseconds. */
  readonly limit: number
}

/**
 * Opens a page in a Chromium of its own, with a profile of its own, until `until` is settled. Whatever happens, the
 * processes are ended and the profile is removed.
 *
 * @throws Error with the last lines of Chromium's log if it ends by itself, or after `limit` milliseconds
 */
export async function inChromium<T>({ program, url, graphics, until, limit }: PageVisit<T>): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), 'gpd-chromium-'))
  // Chromium refuses to run as root with its sandbox.
  const flags = [...FLAGS, ...GRAPHICS[graphics], ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
  const child = spawn(program, [...flags, `--user-data-dir=${profile}`, url], {
    detached: process.platform !== 'win32', // a group of processes, to be ended as one
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const log: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => void log.push(text))
  const kill = () => {
    try {
      if (process.platform === 'win32') child.kill('SIGKILL')
      else process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  process.once('exit', kill)
  let timer: NodeJS.Timeout | undefined
  const failure = new Promise<never>((_, reject) => {
    const fail = (what: string) => reject(new Error(`Chromium ${what}:\n${log.join('').slice(-4000)}`))
    child.once('error', (error) => fail(error.message))
    child.once('close', (code) => fail(`ended with status ${code}`))
    timer = setTimeout(() => fail(`did not report within ${limit} ms`), limit)
  })
  try {
    return await Promise.race([until, failure])
  } finally {
    clearTimeout(timer)
    process.off('exit', kill)
    const closed = child.exitCode ?? new Promise((resolve) => child.once('close', resolve).once('error', resolve))
    kill()
    await closed
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
