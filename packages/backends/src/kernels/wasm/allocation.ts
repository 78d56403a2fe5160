import type * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'
import type { WasmBackend } from './wasm-backend.ts'

/** The allocator of the module, and what the backend tells it of tensors that are gone. */
interface Allocator {
  readonly HEAPU8: Uint8Array
  _malloc: (bytes: number) => number
  _free: (address: number) => void
  readonly tfjs: { disposeData: (id: number) => void }
}

const GIB = 2 ** 30
/** What the module can address. Its allocator takes sizes modulo this, and would hand out too little. */
const ADDRESSABLE = 4 * GIB
/**
 * From here on memory is taken to be full: kernels allocate for themselves what nobody sees, and when they get none they warn and
 * leave their result as it was; still closer to the end the allocator itself writes where it must not.
 */
const FULL = 3.75 * GIB

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(2)} GiB`

const FIX = 'Use smaller batches, a smaller network or smaller images, or the backend tensorflow.'

const exhausted = (bytes: number, used: number, cause?: unknown): GpdError => {
  const problem = `The backend wasm has no memory for ${gib(bytes)} more: ${gib(used)} of its 4 GiB are in use.`
  return new GpdError('backend.out-of-memory', problem, FIX, { cause })
}

const ended = (): GpdError => {
  const problem = 'The backend wasm ran out of memory before, and computes no more in this process.'
  return new GpdError('backend.out-of-memory', problem, `Start the program again. ${FIX}`)
}

const spent = new WeakSet<object>()
const guarded = new WeakSet<object>()

/** Nothing is computed any more, and nothing is freed: the lists of free memory may be damaged. What is there can be read. */
function end(wasm: Allocator): void {
  spent.add(wasm)
  wasm._free = () => undefined
  wasm.tfjs.disposeData = () => undefined
}

/** The address of new memory; 0 is none. */
function allocate(wasm: Allocator, malloc: Allocator['_malloc'], bytes: number): number {
  if (spent.has(wasm)) throw ended()
  const used = wasm.HEAPU8.length
  let [address, cause] = [0, undefined as unknown]
  try {
    if (bytes < ADDRESSABLE) address = malloc(bytes)
  } catch (error) {
    cause = error
  }
  // Of 2 GiB the allocator gives places behind the end of its memory.
  const isThere = address !== 0 && (address >>> 0) + bytes <= wasm.HEAPU8.length
  if (isThere && wasm.HEAPU8.length <= FULL) return address
  end(wasm)
  throw exhausted(bytes, used, cause)
}

/**
 * Makes a failed allocation an error, and the end of this backend: it would go on with tensors at address 0, and compute wrongly.
 * Doing it twice changes nothing.
 *
 * @throws GpdError `backend.out-of-memory` if that has happened before
 */
export function guardAllocation(backend: tf.KernelBackend & WasmBackend): void {
  const wasm = backend.wasm as unknown as Allocator
  if (spent.has(wasm)) throw ended()
  if (guarded.has(wasm)) return
  guarded.add(wasm)
  let malloc = wasm._malloc
  const guarding = (bytes: number) => allocate(wasm, malloc, bytes)
  // The module replaces its function with another one at the first call.
  Object.defineProperty(wasm, '_malloc', { get: () => guarding, set: (given: typeof malloc) => (malloc = given) })
}
