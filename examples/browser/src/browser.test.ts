import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformanceCases } from '@gpdjs/core/conformance'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPages } from './testing/build-pages.ts'
import { findChromium, inChromium } from './testing/chromium.ts'
import { losses, type Check, type Losses } from './testing/losses.ts'
import { serve } from './testing/server.ts'

const LIMIT = 120_000
const chromium = findChromium()
if (chromium === undefined) console.warn('skipped: no Chromium on the path, and none in $CHROMIUM')

/** What a page of its own says to these checks. */
async function ask(folder: string, checks: readonly string[], isolated = false): Promise<ReadonlyMap<string, Check>> {
  const server = await serve(folder, { isolated })
  try {
    const query = new URLSearchParams(checks.map((name) => ['check', name])).toString()
    const page = `${server.url}/src/testing/checks.html?${query}`
    return new Map(Object.entries((await inChromium(chromium!, page, server.nextReport(), LIMIT)) as object))
  } finally {
    await server.close()
  }
}

const PAGES = {
  plain: [
    'environment',
    'auto',
    'losses-wasm',
    'example',
    'conformance-cpu',
    'conformance-wasm',
    'losses-cpu',
    'tensorflow',
    'webgpu',
    'files',
  ],
  isolated: ['environment', 'losses-wasm', 'threads'],
  'without wasm': ['no-wasm', 'no-wasm-auto'],
} as const

describe.skipIf(chromium === undefined)('the packages in Chromium', () => {
  let folder: string
  let warnings: readonly string[]
  const reports = new Map<string, ReadonlyMap<string, Check>>()
  const said = <T>(check: string, page: keyof typeof PAGES = 'plain'): T => {
    const { value, error } = reports.get(page)!.get(check)!
    expect(error, check).toBeUndefined()
    return value as T
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gpd-browser-'))
    warnings = await buildPages(folder)
    for (const [page, checks] of Object.entries(PAGES)) {
      reports.set(page, await ask(folder, checks, page === 'isolated'))
    }
  }, 3 * LIMIT)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('run in a browser, and find nothing of Node there', () => {
    const { agent, node, isolated } = said<{ agent: string; node: string[]; isolated: boolean }>('environment')
    console.log(agent)
    for (const [page, checks] of reports)
      for (const [name, { seconds }] of checks) console.log(page, name, seconds?.toFixed(1))
    expect({ chromium: /Chrome\/\d+/.test(agent), node, isolated }).toEqual({
      chromium: true,
      node: [],
      isolated: false,
    })
  })

  describe.each(['cpu', 'wasm'])('%s conforms', (backend) => {
    it.each(conformanceCases)('$name', ({ name }) => {
      const results = said<{ name: string; ok: boolean; error: string }[]>(`conformance-${backend}`)
      expect(results.find((result) => result.name === name)).toMatchObject({ name, ok: true })
    })
  })

  it.each(['cpu', 'wasm'] as const)('train on %s as in Node, and leave no tensor behind', async (backend) => {
    const here = await losses(backend)
    const there = said<Losses>(`losses-${backend}`)
    expect(there.losses).toHaveLength(8)
    there.losses.forEach((loss, i) => expect(Math.abs(loss / here.losses[i]! - 1), `step ${i}`).toBeLessThan(1e-5))
    expect(there.left).toBe(0)
  })

  it('take wasm by themselves, told where its file is', () => {
    const { name, tried } = said<{ name: string; tried: { name: string; problem: string }[] }>('auto')
    expect(name).toBe('wasm')
    expect(tried).toEqual([{ name: 'tensorflow', problem: expect.stringContaining('expected Node') as string }])
  })

  it('are bundled without a warning', () => expect(warnings).toEqual([]))

  it('use one thread where a page may have several', () => {
    expect(said('environment', 'isolated')).toMatchObject({ isolated: true })
    expect(said('threads', 'isolated')).toBe(false)
    expect(said<Losses>('losses-wasm', 'isolated').losses).toEqual(said<Losses>('losses-wasm').losses)
  })

  it('say where the file of wasm was looked for, and go on with cpu if they may', () => {
    const { code, message } = said<{ code: string; message: string }>('no-wasm', 'without wasm')
    expect(code).toBe('backend.missing')
    expect(message).toContain('/not/there.wasm')
    expect(message).toContain('wasmUrl')
    expect(said('no-wasm-auto', 'without wasm')).toMatchObject({ name: 'cpu', tried: [{}, { name: 'wasm' }] })
  })

  it('refuse what needs Node, and say so', () => {
    expect(said('tensorflow')).toMatchObject({
      code: 'backend.unsupported',
      message: expect.stringContaining('Node') as string,
    })
    expect(said('files')).toMatchObject({
      write: { code: 'output.unwritable', message: expect.stringContaining('Node') as string },
      log: { code: 'output.unwritable', message: expect.stringContaining('Node') as string },
      read: { code: 'checkpoint.missing', message: expect.stringContaining('Node') as string },
    })
  })

  it('show the example: progress, predictions, and the student to save', () => {
    const shown = said<{
      ready: string
      status: string
      epochs: string[][]
      predictions: [string, number][]
      saved: string[]
    }>('example')
    expect(shown.ready).toContain('wasm because')
    expect(shown.status).toMatch(/^Done in \d+\.\d s on wasm: \d+\.\d % of test images right\.$/)
    expect(shown.epochs.map(([epoch]) => epoch)).toEqual(['1', '2'])
    expect(shown.predictions).toHaveLength(16)
    for (const [label, width] of shown.predictions)
      expect([label, width]).toEqual([expect.stringMatching(/disc|square|triangle|cross/), 20])
    expect(shown.saved).toEqual(['student.json', 'student.weights.bin'])
  })
})
