import { GpdError } from '@gpdjs/core'
import type * as repairs from '../kernels/tensorflow/defects.ts'
import type { BackendAdapter } from './adapter.ts'
import { importOptional } from './import-optional.ts'
import type * as loading from './load-tensorflow.ts'
import { isNode } from './runtime.ts'

type Parts = typeof loading & typeof repairs

/** Imported by a name that is computed at run time, so that browser bundles contain no kernel of compiled TensorFlow. */
export const importTensorflow = () => importOptional<Parts>('@gpdjs/backends/tensorflow')

/** Compiled TensorFlow: the one that was linked, or the npm package with a downloaded one; the fastest in Node. */
export const tensorflow: BackendAdapter = {
  name: 'tensorflow',
  install: 'gpd native install',
  async load() {
    if (!isNode()) {
      throw new GpdError(
        'backend.unsupported',
        'tensorflow: expected Node, found a browser.',
        "Use the backend 'auto'.",
      )
    }
    const { loadTensorflow } = await importTensorflow()
    return loadTensorflow()
  },
}
