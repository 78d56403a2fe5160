import { didYouMean, fillOptions, GpdError, isGpdError } from '@gpdjs/core'
import { repairCpuKernels } from './kernels/cpu/index.ts'
import { repairGradients } from './kernels/gradients/index.ts'
import { refuseMissingKernels } from './kernels/missing-kernels.ts'
import {
  BACKEND_OPTIONS,
  type BackendAdapter,
  type BackendChoice,
  type BackendName,
  type BackendOptions,
  type BackendReport,
  type FailedBackend,
} from './adapters/adapter.ts'
import { cpu } from './adapters/cpu.ts'
import { tensorflow } from './adapters/tensorflow.ts'
import { wasm } from './adapters/wasm.ts'
import { webgpu } from './adapters/webgpu.ts'

/**
 * Every backend, the preferred one first. WebGPU comes after cpu, which works everywhere, and so is chosen by name only:
 * its adapter may be a renderer in software, slower than wasm.
 */
const backendAdapters: readonly BackendAdapter[] = [tensorflow, wasm, cpu, webgpu]

/** What `useBackend` accepts, `'auto'` first. */
export const backendNames: readonly BackendChoice[] = ['auto', ...backendAdapters.map(({ name }) => name)]

const message = (error: unknown) => (error instanceof Error ? error.message : String(error))

function findAdapter(name: BackendName): BackendAdapter {
  const adapter = backendAdapters.find((candidate) => candidate.name === name)
  if (adapter !== undefined) return adapter
  throw new GpdError('backend.unknown', `Unknown backend '${String(name)}'.`, didYouMean(String(name), backendNames))
}

async function useNamed(name: BackendName, options: BackendOptions): Promise<BackendReport> {
  const adapter = findAdapter(name)
  try {
    const { version } = await adapter.load(options)
    return { name, version, reason: `${name} because it was asked for.`, tried: [] }
  } catch (error) {
    // Not instanceof: required packages import some of this one as another copy.
    if (isGpdError(error) && error.fix !== undefined) throw error
    throw new GpdError(
      'backend.missing',
      `The backend '${name}' cannot be used: ${message(error)}.`,
      `Install it (${adapter.install}) or use 'auto'.`,
      { cause: error },
    )
  }
}

async function useBest(options: BackendOptions): Promise<BackendReport> {
  const tried: FailedBackend[] = []
  for (const { name, load } of backendAdapters) {
    try {
      const { version, description } = await load(options)
      const others = tried.length === 0 ? '' : `; not usable here: ${tried.map((failed) => failed.name).join(', ')}`
      return {
        name,
        version,
        reason: `${name} because it is the fastest that works here: ${description}${others}.`,
        tried,
      }
    } catch (error) {
      tried.push({ name, problem: message(error) })
    }
  }
  throw new GpdError(
    'backend.missing',
    `No backend works: ${tried.map(({ name, problem }) => `${name} (${problem})`).join(', ')}.`,
  )
}

/**
 * Chooses what computes, makes it TensorFlow.js's current backend, and repairs the kernels and gradients that would
 * train wrongly (see `kernels/`). Call it once, before the first tensor is made; calling it again switches.
 *
 * @param choice a backend's name, or `'auto'` for the fastest that works: compiled TensorFlow, WebAssembly, plain
 *   JavaScript
 * @param options.wasmUrl in a browser: where the binary of the wasm backend is served
 * @returns which one is in use and why, and which ones were tried before it
 * @throws GpdError `backend.unknown` for a name that does not exist, `backend.missing` if the one asked for is not
 *   installed or does not start, `backend.unsupported` if its version is not one that is known to be right;
 *   `config.unknown-key` or `config.invalid` for an option
 * @example const { name, reason } = await useBackend('auto')
 * @example
 * import wasmUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url' // Vite
 * await useBackend('auto', { wasmUrl })
 */
export async function useBackend(choice: BackendChoice, given: BackendOptions = {}): Promise<BackendReport> {
  const options = fillOptions('useBackend', BACKEND_OPTIONS, given)
  const report = await (choice === 'auto' ? useBest(options) : useNamed(choice, options))
  // Always: the cpu backend computes some kernels for others.
  repairCpuKernels()
  repairGradients()
  if (report.name !== 'cpu') refuseMissingKernels(report.name)
  return report
}
