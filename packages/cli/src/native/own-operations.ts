import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { isGpdError } from '@gpdjs/core/errors'
import { compileAddon, type Compilation } from './compile-addon.ts'

/** The project's own operations of TensorFlow, built beside the binding. */
export interface OwnOperations {
  /** They are built for this processor, and may not run on another one. */
  readonly processor: string
}

/** Their C++ sources are part of the core package. */
const sources = (): string =>
  join(dirname(createRequire(import.meta.url).resolve('@gpdjs/core/package.json')), 'native')

/**
 * Builds the project's own operations. TensorFlow works without them, more slowly: a compiler that cannot build them is
 * reported, not fatal.
 */
export async function buildOwnOperations(
  compilation: Omit<Compilation, 'name' | 'sources' | 'forThisProcessor'>,
  report: (line: string) => void,
): Promise<OwnOperations | undefined> {
  try {
    await compileAddon({ ...compilation, name: 'its operations', sources: sources(), forThisProcessor: true })
    return { processor: cpus()[0]?.model ?? '' }
  } catch (error) {
    if (!isGpdError(error)) throw error
    report(`Left out the operations that make it faster. ${error.message}`)
    return undefined
  }
}
