import { GpdError } from '@gpdjs/core/errors'
import { lastLines, runProgram } from './run-program.ts'

export interface AddonReport {
  /** What TensorFlow reports about itself. */
  readonly version: string
  readonly gpu: boolean
}

/** [1 2; 3 4]² = [7 10; 15 22], by the binding alone. */
const PROGRAM = `
try {
  const b = require(process.argv[1])
  const t = b.createTensor([2, 2], b.TF_FLOAT, Float32Array.of(1, 2, 3, 4))
  const no = (name) => ({ name, type: b.TF_ATTR_BOOL, value: false })
  const T = { name: 'T', type: b.TF_ATTR_TYPE, value: b.TF_FLOAT }
  const [y] = b.executeOp('MatMul', [no('transpose_a'), no('transpose_b'), T], [t, t], 1)
  const product = Array.from(b.tensorDataSync(y.id)).join()
  if (product !== '7,10,15,22') throw new Error('[1 2; 3 4] squared: expected 7,10,15,22, got ' + product)
  console.log(JSON.stringify({ version: b.TF_Version, gpu: b.isUsingGpuDevice() }))
} catch (error) {
  console.error(error.message.split('\\nRequire stack')[0])
  process.exitCode = 1
}
`

/**
 * Loads a built binding in a process of its own, so that one that crashes takes nothing with it, and multiplies two
 * matrices with it.
 *
 * @throws GpdError `backend.unsupported` if it does not load or computes wrongly
 */
export async function checkAddon(addon: string): Promise<AddonReport> {
  const result = await runProgram(process.execPath, ['-e', PROGRAM, addon], {
    env: { TF_CPP_MIN_LOG_LEVEL: '2', ...process.env },
  })
  const line = result.stdout.trim().split('\n').at(-1) ?? ''
  if (result.status === 0 && line.startsWith('{')) return JSON.parse(line) as AddonReport
  throw new GpdError(
    'backend.unsupported',
    `native: the binding does not work here (status ${result.status}):\n${lastLines(result)}\n`,
    'Run `gpd native link` again if TensorFlow has moved; otherwise try another TensorFlow (gpd native install).',
  )
}
