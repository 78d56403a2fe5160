/**
 * A process of its own that saves the states `from`, `from + 1` … `to` into one folder or directory of checkpoints, and
 * says each when it is saved. With `last` it kills itself before its call number `last` to the disk.
 *
 *     saving-process.ts state|checkpoint PATH FROM TO [LAST]
 */
import * as tf from '@tensorflow/tfjs'
import { saveCheckpoint } from '../files/checkpoints.ts'
import { saveState } from '../files/saved-state.ts'
import { interceptFiles } from './intercepted-files.ts'

const [kind, path, from, to, last] = process.argv.slice(2)

/** Two records and a value that all tell the same number; large enough that writing takes a while. */
const stateOf = (value: number) => ({ a: { w: tf.fill([50_000], value) }, b: { w: tf.fill([20_000], value) } })

await tf.setBackend('cpu')
if (last !== undefined) {
  let calls = 0
  interceptFiles(() => {
    if (calls++ === Number(last)) process.kill(process.pid, 'SIGKILL')
  })
}
for (let value = Number(from); value <= Number(to); value++) {
  const records = stateOf(value)
  if (kind === 'state') await saveState(path!, records, value)
  else await saveCheckpoint(path!, value, records, value)
  tf.dispose(Object.values(records))
  process.stdout.write(`${value}\n`)
}
