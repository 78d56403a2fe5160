import * as tf from '@tensorflow/tfjs'
import { GpdError, TFJS_VERSION } from '@gpdjs/core'
import { repairWebgpuBackend } from '../kernels/webgpu/index.ts'
import { activate } from './activate.ts'
import type { BackendAdapter } from './adapter.ts'
import { describeAdapter, findAdapter, findGpu } from './gpu.ts'
import { importOptional } from './import-optional.ts'

async function loadPackage(): Promise<unknown> {
  try {
    return await import('@tensorflow/tfjs-backend-webgpu')
  } catch (cause) {
    throw cause // see importOptional
  }
}

/**
 * WebGPU, in browsers and through the npm package `webgpu` in Node: graphics adapters of any maker. Tensors can be read
 * asynchronously only (`await tensor.data()`).
 */
export const webgpu: BackendAdapter = {
  name: 'webgpu',
  install: `npm install @tensorflow/tfjs-backend-webgpu@${TFJS_VERSION} webgpu`,
  async load() {
    // In this order: the package registers its backend while it is imported, and only if WebGPU is available by then.
    const adapter = await findAdapter(await findGpu())
    await importOptional('@tensorflow/tfjs-backend-webgpu', loadPackage)
    if (tf.findBackendFactory('webgpu') === null) {
      throw new GpdError(
        'backend.unsupported',
        'webgpu: @tensorflow/tfjs-backend-webgpu registered no backend: it was imported before useBackend, or brought a second copy of tfjs-core.',
        'Leave its import to useBackend, and install equal versions of all @tensorflow packages.',
      )
    }
    // Small tensors that are still in host memory would be computed there, by other kernels.
    tf.env().set('WEBGPU_CPU_FORWARD', false)
    await activate('webgpu')
    repairWebgpuBackend(tf.version['tfjs-core'])
    return {
      // The package does not export its version; it works with this version of tfjs-core only.
      version: `@tensorflow/tfjs-backend-webgpu ${tf.version['tfjs-core']} on ${describeAdapter(adapter)}`,
      description: 'a graphics adapter through WebGPU',
    }
  },
}
