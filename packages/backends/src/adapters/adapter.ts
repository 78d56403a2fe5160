import { kinds, optional, type Given } from '@gpdjs/core'

/** One backend by name, or `'auto'` for the best that works here. */
export type BackendChoice = 'auto' | BackendName

export type BackendName = 'tensorflow' | 'wasm' | 'cpu' | 'webgpu'

export interface LoadedBackend {
  /** The npm package that serves it, and its version. */
  readonly version: string
  /** What it is, in words, completing "… because it is ": `'compiled TensorFlow'`. */
  readonly description: string
}

export const BACKEND_OPTIONS = {
  /**
   * For browsers: where `tfjs-backend-wasm-simd.wasm` of `@tensorflow/tfjs-backend-wasm` is served. Bundlers give the URL of
   * a file in a package; with Vite: `import wasmUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'`.
   * Node finds the file by itself (default: what was given to `setWasmPaths` of that package, else beside the script).
   */
  wasmUrl: optional(kinds.text),
}

export type BackendOptions = Given<typeof BACKEND_OPTIONS>

/** One way to compute. Adding a backend is one file with one of these, and one line in `backendAdapters`. */
export interface BackendAdapter {
  readonly name: BackendName
  /** The command that makes it available, for error messages. */
  readonly install: string
  /**
   * Makes it TensorFlow.js's current backend, with every repair it needs.
   *
   * @throws if it is not installed or does not work here
   */
  load(options?: BackendOptions): Promise<LoadedBackend>
}

/** A backend that was tried before the one in use, and what kept it from working. */
export interface FailedBackend {
  readonly name: BackendName
  readonly problem: string
}

export interface BackendReport {
  readonly name: BackendName
  readonly version: string
  /** Why this one is in use, one sentence. */
  readonly reason: string
  readonly tried: readonly FailedBackend[]
}
