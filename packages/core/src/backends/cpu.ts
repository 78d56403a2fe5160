import * as tf from '@tensorflow/tfjs'
import { activate } from './activate.ts'
import type { BackendAdapter } from './adapter.ts'

/** Plain JavaScript: runs everywhere, far slower than the others, and what their results are checked against. */
export const cpu: BackendAdapter = {
  name: 'cpu',
  install: 'npm install @tensorflow/tfjs',
  async load() {
    await activate('cpu')
    // It greets its first user in Node with a banner about tfjs-node, on stderr and in the middle of whatever is there.
    ;(tf.backend() as { firstUse?: boolean }).firstUse = false
    return {
      version: `@tensorflow/tfjs ${tf.version.tfjs}`,
      description: 'plain JavaScript, which runs everywhere (slowly)',
    }
  },
}
