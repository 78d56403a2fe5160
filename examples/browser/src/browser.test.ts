import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformanceCases } from '@gpdjs/backends/conformance'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPages } from './testing/build-pages.ts'
import { findChromium, inChromium, type Graphics } from './testing/chromium.ts'
import { SHAPES, shapes } from './shapes.ts'
import type { ExampleReport } from './testing/example.ts'
import { losses, type Check, type Losses } from './testing/losses.ts'
import { serve } from './testing/server.ts'

const LIMIT = 180_000
const chromium = findChromium()
if (chromium === undefined) console.warn('skipped: no Chromium on the path, and none in $CHROMIUM')
/** WebGPU takes minutes in software: its shaders are compiled one by one. */
const skipsWebgpu = chromium === undefined || !process.env['GPD_CHROMIUM_WEBGPU']
if (chromium !== undefined && skipsWebgpu) console.warn('skipped: WebGPU in Chromium; GPD_CHROMIUM_WEBGPU=1 runs it')

interface Page {
  readonly checks: readonly string[]
  /** Whether it is served so that it may use threads. */
  readonly isolated?: boolean
  readonly graphics?: Graphics
  /** The path under which it is served. */
  readonly at?: string
}

const PAGES = {
  plain: {
    checks: ['environment', 'auto', 'losses-wasm', 'losses-worker', 'losses-cpu', 'tensorflow', 'files'],
  },
  example: { checks: ['example'], at: '/some/sub/path' },
  conformance: { checks: ['conformance-cpu', 'conformance-wasm'] },
  isolated: { checks: ['environment', 'losses-wasm', 'threads'], isolated: true },
  'without wasm': { checks: ['no-wasm', 'no-wasm-auto'] },
  ...(!skipsWebgpu && { webgpu: { checks: ['conformance-webgpu', 'losses-webgpu'], graphics: 'software' } }),
} as const satisfies Readonly<Record<string, Page>>

let folder: string
let warnings: readonly string[]
const reports = new Map<string, ReadonlyMap<string, Check>>()

/** The results of a page's checks, in a Chromium of its own. */
async function visit({
  checks,
  isolated = false,
  graphics = 'none',
  at = '',
}: Page): Promise<ReadonlyMap<string, Check>> {
  const server = await serve(folder, { isolated, at })
  try {
    const query = new URLSearchParams(checks.map((name) => ['check', name])).toString()
    const url = `${server.url}/src/testing/checks.html?${query}`
    const until = server.nextReport()
    const report = await inChromium({ program: chromium!, url, graphics, until, limit: LIMIT })
    return new Map(Object.entries(report as Record<string, Check>))
  } finally {
    await server.close()
  }
}

/** What a check came to; fails with its error in the page. */
function said<T>(page: string, check: string): T {
  const { value, error } = reports.get(page)!.get(check)!
  expect(error, check).toBeUndefined()
  return value as T
}

beforeAll(async () => {
  if (chromium === undefined) return
  folder = await mkdtemp(join(tmpdir(), 'gpd-browser-'))
  warnings = await buildPages(folder)
  for (const [name, page] of Object.entries(PAGES)) reports.set(name, await visit(page))
}, 3 * LIMIT)
afterAll(() => folder && rm(folder, { recursive: true, force: true }))

function conforms(backend: string, options: { readonly skip: boolean }, page = 'conformance'): void {
  describe.skipIf(options.skip)(`${backend} in Chromium computes what it should`, () => {
    it.each(conformanceCases)('$name', ({ name }) => {
      const results = said<{ name: string; ok: boolean }[]>(page, `conformance-${backend}`)
      expect(results.find((result) => result.name === name)).toMatchObject({ name, ok: true })
    })
  })
}
conforms('cpu', { skip: chromium === undefined })
conforms('wasm', { skip: chromium === undefined })
conforms('webgpu', { skip: skipsWebgpu }, 'webgpu')

function trains(backend: string, page: string): void {
  it(`trains on ${backend} as Node does on wasm, and leaves no tensor behind`, async () => {
    const here = await losses('wasm')
    const there = said<Losses>(page, `losses-${backend}`)
    expect(there.losses).toHaveLength(8)
    there.losses.forEach((loss, i) => expect(Math.abs(loss / here.losses[i]! - 1), `step ${i}`).toBeLessThan(1e-6))
    expect([here.left, there.left]).toEqual([0, 0])
  })
}

describe.skipIf(skipsWebgpu)('a page in Chromium with WebGPU', () => trains('webgpu', 'webgpu'))

describe.skipIf(chromium === undefined)('a page in Chromium', () => {
  it('is a browser, with nothing of Node', () => {
    const found = said<{ agent: string; node: string[]; isolated: boolean }>('plain', 'environment')
    expect(found).toMatchObject({ agent: expect.stringMatching(/Chrome\/\d+/) as string, node: [], isolated: false })
  })

  it('is bundled without a warning', () => expect(warnings).toEqual([]))

  trains('cpu', 'plain')
  trains('wasm', 'plain')

  it('trains the same in a worker', () => {
    expect(said<Losses>('plain', 'losses-worker')).toEqual(said<Losses>('plain', 'losses-wasm'))
  })

  it('takes wasm by itself, given the address of its file', () => {
    const problem = "tensorflow: expected Node, found a browser. Use the backend 'auto'."
    expect(said('plain', 'auto')).toMatchObject({ name: 'wasm', tried: [{ name: 'tensorflow', problem }] })
  })

  it('uses one thread where it may have several', () => {
    expect(said('isolated', 'environment')).toMatchObject({ isolated: true })
    expect(said('isolated', 'threads')).toBe(false)
    expect(said<Losses>('isolated', 'losses-wasm')).toEqual(said<Losses>('plain', 'losses-wasm'))
  })

  it('reports the address at which the file of wasm is missing; auto then takes cpu', () => {
    const { code, message } = said<{ code: string; message: string }>('without wasm', 'no-wasm')
    expect(code).toBe('backend.missing')
    expect(message).toContain('/not/there.wasm')
    expect(message).toContain("useBackend('wasm', { wasmUrl })")
    const tried = [{ name: 'tensorflow' }, { name: 'wasm', problem: expect.stringContaining('wasmUrl') as string }]
    expect(said('without wasm', 'no-wasm-auto')).toMatchObject({ name: 'cpu', tried })
  })

  it('refuses what needs Node, with the reason', () => {
    const message = expect.stringContaining('Node') as string
    expect(said('plain', 'tensorflow')).toMatchObject({ code: 'backend.unsupported', message })
    expect(said('plain', 'files')).toMatchObject({
      write: { code: 'output.unwritable', message },
      log: { code: 'output.unwritable', message },
      read: { code: 'checkpoint.missing', message },
    })
  })
})

describe.skipIf(chromium === undefined)('the example in Chromium, under a path', () => {
  const shown = () => said<ExampleReport>('example', 'example')
  const tests = shapes('test', 16)
  const share = /^\d+\.\d %$/

  it('says which backend it has', () => expect(shown().ready).toContain('wasm because'))

  it('shows progress', () => {
    // A blocked page shows no step before the end; on a busy machine even a good page misses some.
    expect(shown().steps, 'steps of 100 that the page showed').toBeGreaterThan(3)
    const cells = [expect.stringMatching(/^\d+\.\d+$/), expect.stringMatching(share), expect.stringMatching(share)]
    const epochs = ['1', '2', '3', '4', '5'].map((epoch) => [epoch, ...cells, expect.stringMatching(/^\d+$/)])
    expect(shown().epochs).toEqual(epochs)
  })

  it('never blocks the page for a second', () => expect(shown().longestTask).toBeLessThan(1000))

  it('can be stopped and run again, and leaves no tensor behind', () => {
    const { stopped, done } = shown()
    expect(stopped[0]).toMatch(/^Stopped after \d+ steps and \d+\.\d s: \d+\.\d % of 400 test images right\.$/)
    expect(Number(/\d+/.exec(stopped[0]!)![0]), 'steps of 100').toBeLessThan(100)
    expect(done[0]).toMatch(/^Done after 100 steps and \d+\.\d s: /)
    for (const [, memory] of [stopped, done]) expect(memory).toBe('0 tensors left in memory by this run.')
  })

  it('shows the first test images, each with what the saved student takes it for', () => {
    shown().shown.forEach(({ pixels, caption, mark, predicted }, i) => {
      expect(pixels, `picture ${i}`).toEqual([...tests.images.subarray(i * 400, (i + 1) * 400)])
      const [guess, label] = [SHAPES[predicted]!, SHAPES[tests.labels[i]!]!]
      expect([caption, mark], `picture ${i}`).toEqual(
        guess === label ? [guess, 'right'] : [`${guess} (a ${label})`, 'wrong'],
      )
    })
    expect(shown().shown).toHaveLength(16)
    // One answer for all would be right in any order.
    expect(new Set(shown().shown.map(({ predicted }) => predicted)).size).toBeGreaterThan(1)
  })

  it('states the accuracy of the student that it saves', () => {
    const { accuracy, done, epochs, saved } = shown()
    const stated = `${(100 * accuracy).toFixed(1)} %`
    expect(done[0]).toContain(`${stated} of 400 test images right.`)
    expect(epochs.at(-1)![2]).toBe(stated)
    expect(saved).toEqual(['student.json', 'student.weights.bin'])
  })
})
