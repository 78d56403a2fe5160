/** Runs in the page: each check that the address names, then one report of them all. */
import * as tf from '@tensorflow/tfjs'
import wasmUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import { cifarResnet } from '@gpdjs/architectures'
import { useBackend, type BackendName } from '@gpdjs/backends'
import { initializeParameters, isGpdError } from '@gpdjs/core'
import { runConformance } from '@gpdjs/backends/conformance'
import { loadNetwork, saveNetwork } from '@gpdjs/interchange'
import { metricsFile } from '@gpdjs/trainer'
import { losses, type Check } from './losses.ts'

const failure = async (run: () => Promise<unknown>) => {
  const error: unknown = await run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return isGpdError(error) ? { code: error.code, message: error.message } : String(error)
}

async function conformance(backend: BackendName) {
  await useBackend(backend, { wasmUrl })
  const { results } = await runConformance(backend)
  return results.map(({ name, ok, error }) => ({ name, ok, error: String(error) }))
}

/** Three files that a page cannot write or read. */
async function files() {
  const network = cifarResnet({ blocks: [1], width: 4, classes: 2 })
  const parameters = initializeParameters(network.parameters, 0)
  const write = await failure(() => saveNetwork('student', { network, parameters, statistics: {} }))
  const log = await failure(async () => metricsFile('metrics.jsonl').onTrainBegin?.({} as never, {} as never))
  return { write, log, read: await failure(() => loadNetwork('student')) }
}

const inWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./losses.worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = ({ message }) => reject(new Error(message))
  })

async function until(what: string, isThere: () => boolean | undefined, limit = 60_000): Promise<void> {
  for (const end = performance.now() + limit; !isThere(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (performance.now() > end) throw new Error(`${what} did not come`)
  }
}

/** The example as it is used: its page, and clicks on its buttons. */
async function example() {
  const frame = Object.assign(document.createElement('iframe'), { src: '/index.html?images=64&epochs=2' })
  document.body.append(frame)
  const find = (selector: string) => frame.contentDocument?.querySelector<HTMLElement>(selector)
  const says = (text: string) => find('#status')?.textContent?.startsWith(text)
  await until('the page', () => says('Ready'))
  const ready = find('#status')!.textContent
  find('#train')!.click()
  const steps = new Set<string>()
  await until('the end of training', () => {
    if (says('Step')) steps.add(find('#status')!.textContent)
    return says('Done')
  })
  const all = (selector: string) => Array.from(frame.contentDocument!.querySelectorAll<HTMLElement>(selector))
  const saved: string[] = []
  // What a download is, but for the file.
  const page = frame.contentWindow as Window & typeof globalThis
  page.HTMLAnchorElement.prototype.dispatchEvent = function (this: HTMLAnchorElement) {
    saved.push(this.download)
    return true
  }
  find('#save')!.click()
  await until('two files', () => saved.length === 2)
  return {
    ready,
    status: find('#status')!.textContent,
    epochs: all('#epochs tr').map((row) => Array.from(row.children, (cell) => cell.textContent)),
    predictions: all('#predictions figure').map((figure) => [
      figure.innerText.trim(),
      figure.querySelector('canvas')!.width,
    ]),
    steps: steps.size,
    saved,
  }
}

const checks = {
  environment: async () => ({
    agent: navigator.userAgent,
    isolated: crossOriginIsolated,
    node: ['process', 'Buffer', 'global', 'require'].filter((name) => name in globalThis),
  }),
  auto: () => useBackend('auto', { wasmUrl }),
  'conformance-cpu': () => conformance('cpu'),
  'conformance-wasm': () => conformance('wasm'),
  'conformance-webgpu': () => conformance('webgpu'),
  'losses-cpu': () => losses('cpu'),
  'losses-webgpu': () => losses('webgpu'),
  'losses-worker': inWorker,
  'losses-wasm': () => losses('wasm', { wasmUrl }),
  threads: async () => tf.env().getBool('WASM_HAS_MULTITHREAD_SUPPORT'),
  tensorflow: () => failure(() => useBackend('tensorflow')),
  'no-wasm': () => failure(() => useBackend('wasm', { wasmUrl: '/not/there.wasm' })),
  'no-wasm-auto': () => useBackend('auto'),
  files,
  example,
} satisfies Readonly<Record<string, () => Promise<unknown>>>

const report: Record<string, Check> = {}
for (const name of new URLSearchParams(location.search).getAll('check')) {
  const began = performance.now()
  const check: Check = await checks[name as keyof typeof checks]().then(
    (value: unknown) => ({ value, seconds: (performance.now() - began) / 1000 }),
    (error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
  report[name] = check
}
await fetch('/report', { method: 'POST', body: JSON.stringify(report) })
