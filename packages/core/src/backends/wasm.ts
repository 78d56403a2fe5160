import * as tf from '@tensorflow/tfjs'
import { repairWasmKernels } from '../kernels/wasm/index.ts'
import { activate } from './activate.ts'
import type { BackendAdapter } from './adapter.ts'
import { importOptional } from './import-optional.ts'

interface WasmPackage {
  readonly version_wasm: string
}

/**
 * WebAssembly with SIMD, in Node and in browsers, with the kernels that training needs added and repaired. In a browser
 * tell the package where its binary is served (`setWasmPaths`) before.
 */
export const wasm: BackendAdapter = {
  name: 'wasm',
  install: 'npm install @tensorflow/tfjs-backend-wasm@4.22.0',
  async load() {
    const { version_wasm: version } = await importOptional<WasmPackage>(
      '@tensorflow/tfjs-backend-wasm',
      () => import('@tensorflow/tfjs-backend-wasm'),
    )
    // With threads (cross-origin isolated pages) its memory is out of reach of the kernels added here.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
    await activate('wasm')
    await repairWasmKernels(version)
    return {
      version: `@tensorflow/tfjs-backend-wasm ${version}`,
      description: 'WebAssembly, which installs from npm alone',
    }
  },
}
