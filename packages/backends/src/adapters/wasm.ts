import * as tf from '@tensorflow/tfjs'
import { TFJS_VERSION } from '@gpdjs/core'
import { repairWasmKernels } from '../kernels/wasm/index.ts'
import { activate } from './activate.ts'
import type { BackendAdapter } from './adapter.ts'
import { importOptional } from './import-optional.ts'
import { isNode } from './runtime.ts'

interface WasmPackage {
  readonly version_wasm: string
  setWasmPaths(urls: Readonly<Record<string, string>>): void
}

/** The package takes an address for each of its builds; only the one with SIMD is used here. */
const BUILDS = ['tfjs-backend-wasm', 'tfjs-backend-wasm-simd', 'tfjs-backend-wasm-threaded-simd']

async function loadPackage(): Promise<unknown> {
  try {
    return await import('@tensorflow/tfjs-backend-wasm')
  } catch (cause) {
    throw cause // see importOptional
  }
}

/** A page cannot find files in packages. After a failure the package of the backend accepts no other address. */
const whereIs = (wasmUrl = 'the address that setWasmPaths was given, or beside the script') =>
  `Its file tfjs-backend-wasm-simd.wasm was looked for at ${wasmUrl}: ` +
  "serve it from @tensorflow/tfjs-backend-wasm, and after a reload say where: useBackend('wasm', { wasmUrl })."

/**
 * WebAssembly with SIMD, in Node and in browsers, with the kernels that training needs added and repaired. In a browser
 * it needs the address of its binary: `wasmUrl`.
 */
export const wasm: BackendAdapter = {
  name: 'wasm',
  install: `npm install @tensorflow/tfjs-backend-wasm@${TFJS_VERSION}`,
  async load({ wasmUrl } = {}) {
    const { version_wasm: version, setWasmPaths } = await importOptional<WasmPackage>(
      '@tensorflow/tfjs-backend-wasm',
      loadPackage,
    )
    if (wasmUrl !== undefined) setWasmPaths(Object.fromEntries(BUILDS.map((build) => [`${build}.wasm`, wasmUrl])))
    // With threads (cross-origin isolated pages) its memory is out of reach of the kernels added here.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
    await activate('wasm', isNode() ? undefined : whereIs(wasmUrl))
    await repairWasmKernels(version)
    return {
      version: `@tensorflow/tfjs-backend-wasm ${version}`,
      description: 'WebAssembly, which installs from npm alone',
    }
  },
}
