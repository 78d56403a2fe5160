import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { GpdError, isGpdError } from '@gpdjs/core/errors'
import { compileAddon, type Compilation } from './compile-addon.ts'
import { lastLines, runProgram } from './run-program.ts'

/** The project's own operations of TensorFlow, built beside the binding. */
export interface OwnOperations {
  /** They are built for this processor, and may not run on another one. */
  readonly processor: string
}

/** Addons of the project by their names in a link; their C++ sources are part of the package backends. */
const OPERATIONS = 'gpd_operations.node'
const QUIET = 'gpd_quiet.node'

const sources = (folder: 'operations' | 'quiet'): string =>
  join(dirname(createRequire(import.meta.url).resolve('@gpdjs/backends/package.json')), 'native', folder)

/** [1 2; 3 4]² = [7 10; 15 22], by an operation of our own. */
const PROGRAM = `
require(process.argv[1])
const b = require(process.argv[2])
const t = b.createTensor([2, 2], b.TF_FLOAT, Float32Array.of(1, 2, 3, 4))
const no = (name) => ({ name, type: b.TF_ATTR_BOOL, value: false })
const T = { name: 'T', type: b.TF_ATTR_TYPE, value: b.TF_FLOAT }
const [y] = b.executeOp('GpdMatrixProduct', [no('transpose_a'), no('transpose_b'), T], [t, t], 1)
const product = Array.from(b.tensorDataSync(y.id)).join()
if (product !== '7,10,15,22') throw new Error('[1 2; 3 4] squared: expected 7,10,15,22, got ' + product)
`

/** In a process of its own: one that crashes takes nothing with it. */
async function tryOperations(folder: string): Promise<void> {
  const files = [join(folder, OPERATIONS), join(folder, 'tfjs_binding.node')]
  const result = await runProgram(process.execPath, ['-e', PROGRAM, ...files])
  if (result.status === 0) return
  throw new GpdError('backend.unsupported', `They do not work here (status ${result.status}):\n${lastLines(result)}\n`)
}

/**
 * Builds what the project adds to a link: its own operations, and what keeps TensorFlow from greeting on stderr.
 * TensorFlow works without them, more slowly: what cannot be built, or does not work, is reported and left out.
 *
 * @param folder of the link, where the binding is already
 */
export async function buildOwnOperations(
  folder: string,
  compilation: Pick<Compilation, 'nodeHeaders' | 'tensorflow'>,
  report: (line: string) => void,
): Promise<OwnOperations | undefined> {
  const build = (name: string, from: 'operations' | 'quiet', file: string) =>
    compileAddon({ ...compilation, name, sources: sources(from), output: join(folder, file), forThisProcessor: true })
  try {
    await build('what keeps TensorFlow quiet', 'quiet', QUIET)
    await build('its operations', 'operations', OPERATIONS)
    await tryOperations(folder)
    return { processor: cpus()[0]?.model ?? '' }
  } catch (error) {
    if (!isGpdError(error)) throw error
    for (const file of [QUIET, OPERATIONS]) await rm(join(folder, file), { force: true })
    report(`Left out the operations that make it faster. ${error.message}`)
    return undefined
  }
}
