import { createRequire } from 'node:module'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { nativeFolders } from '../native/folders.ts'
import { linkedFolder } from '../native/linked-folder.ts'
import { restoreNodeUtilities } from './node-utilities.ts'

/** What the file `load.cjs` of a link exports; `gpd native link` writes it. */
interface Link {
  readonly version: string
  /** Version of tfjs-node that was built. */
  readonly binding: string
  /** Version of the interface of the project's own operations, where they were built. */
  readonly operations?: number
  /** Registers the backend `tensorflow` in the TensorFlow.js that it is given. */
  register(engine: typeof tf): void
}

/**
 * Node's own loader lists in the namespace only the names that it found by parsing; the default export is the module
 * itself. Bundlers have no default export here and warn if the code names it statically.
 */
const moduleOf = (namespace: object): typeof tf =>
  (namespace as { default?: typeof tf }).default ?? (namespace as typeof tf)

/**
 * Registers the backend `tensorflow` from the binding that `gpd native link` built, in this copy of TensorFlow.js.
 *
 * @throws Error if nothing is linked, others could have changed what is, or it does not load: TensorFlow has moved, for example
 */
export async function registerLinkedTensorflow(): Promise<Omit<Link, 'register'>> {
  const folder = linkedFolder(nativeFolders())
  if (folder === undefined) throw new Error('no TensorFlow is linked')
  const loader = join(folder, 'load.cjs')
  restoreNodeUtilities()
  try {
    const link = createRequire(loader)(loader) as Link
    link.register(moduleOf(tf))
    const { version, binding, operations } = link
    return { version, binding, ...(operations !== undefined && { operations }) }
  } catch (cause) {
    const [line] = (cause as Error).message.split('\n')
    throw new Error(`the linked TensorFlow does not load (${line}); run gpd native status`, { cause })
  }
}
