import * as tf from '@tensorflow/tfjs'
import { activate } from './activate.ts'
import type { BackendAdapter } from './adapter.ts'

/** Plain JavaScript: runs everywhere, far slower than the others, and what their results are checked against. */
export const cpu: BackendAdapter = {
  name: 'cpu',
  install: 'npm install @tensorflow/tfjs',
  async load() {
    await activate('cpu')
    // At its first use in Node it prints a banner about tfjs-node to stderr.
    ;(tf.backend() as { firstUse?: boolean }).firstUse = false
    return {
      version: `@tensorflow/tfjs ${tf.version.tfjs}`,
      description: 'plain JavaScript, which runs everywhere (slowly)',
    }
  },
}
