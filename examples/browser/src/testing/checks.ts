/** Runs in the page: each check that the address names, then one report of them all. */
import * as tf from '@tensorflow/tfjs'
import wasmUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import { cifarResnet } from '@gpdjs/architectures'
import { useBackend, type BackendName } from '@gpdjs/backends'
import { initializeParameters, initializeStatistics, isGpdError } from '@gpdjs/core'
import { runConformance } from '@gpdjs/backends/conformance'
import { loadNetwork, saveNetwork } from '@gpdjs/interchange'
import { metricsFile } from '@gpdjs/trainer'
import { example } from './example.ts'
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
  const statistics = initializeStatistics(network.statistics)
  const write = await failure(() => saveNetwork('student', { network, parameters, statistics }))
  const log = await failure(async () => metricsFile('metrics.jsonl').onTrainBegin?.({} as never, {} as never))
  return { write, log, read: await failure(() => loadNetwork('student')) }
}

const inWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./losses.worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = ({ message }) => reject(new Error(message))
  })

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
