import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformanceCases } from '@gpdjs/backends/conformance'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPages } from './testing/build-pages.ts'
import { findChromium, inChromium, type Graphics } from './testing/chromium.ts'
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
}

const PAGES = {
  plain: {
    checks: ['environment', 'auto', 'losses-wasm', 'losses-worker', 'losses-cpu', 'example', 'tensorflow', 'files'],
  },
  conformance: { checks: ['conformance-cpu', 'conformance-wasm'] },
  isolated: { checks: ['environment', 'losses-wasm', 'threads'], isolated: true },
  'without wasm': { checks: ['no-wasm', 'no-wasm-auto'] },
  ...(!skipsWebgpu && { webgpu: { checks: ['conformance-webgpu', 'losses-webgpu'], graphics: 'software' } }),
} as const satisfies Readonly<Record<string, Page>>

let folder: string
let warnings: readonly string[]
const reports = new Map<string, ReadonlyMap<string, Check>>()

/** The results of a page's checks, in a Chromium of its own. */
async function visit({ checks, isolated = false, graphics = 'none' }: Page): Promise<ReadonlyMap<string, Check>> {
  const server = await serve(folder, { isolated })
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

  it('shows the example: progress, predictions, and the student to save', () => {
    const shown = said<
      Record<'ready' | 'status', string> & Record<'epochs' | 'predictions' | 'saved', unknown[]> & { steps: number }
    >('plain', 'example')
    expect(shown.ready).toContain('wasm because')
    // A blocked page shows no step before the end; on a busy machine even a good page misses some.
    expect(shown.steps, 'steps of four that the page showed').toBeGreaterThan(0)
    expect(shown.status).toMatch(/^Done in \d+\.\d s on wasm: \d+\.\d % of test images right\.$/)
    const share = expect.stringMatching(/^\d+\.\d %$/) as string
    const number = expect.stringMatching(/^\d+(\.\d+)?$/) as string
    expect(shown.epochs).toEqual(['1', '2'].map((epoch) => [epoch, number, share, share, number]))
    expect(shown.predictions).toHaveLength(16)
    for (const prediction of shown.predictions) {
      expect(prediction).toEqual([expect.stringMatching(/^(disc|square|triangle|cross)$/), 20])
    }
    expect(shown.saved).toEqual(['student.json', 'student.weights.bin'])
  })
})
