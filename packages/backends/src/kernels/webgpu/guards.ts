import type * as tf from '@tensorflow/tfjs'
import { GpdError, sizeOf } from '@gpdjs/core'
import type { WebgpuBackend } from './webgpu-backend.ts'

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`

/** What a shader cannot read or write, and why. */
function unfit(shapes: readonly (readonly number[])[], mostBytes: number): GpdError | undefined {
  const empty = shapes.find((shape) => sizeOf(shape) === 0)
  if (empty !== undefined) {
    return new GpdError(
      'backend.unsupported',
      `webgpu: a shader cannot read a tensor without numbers, of shape [${empty.join(', ')}].`,
      'Leave empty tensors out, or use another backend.',
    )
  }
  const large = shapes.find((shape) => 4 * sizeOf(shape) > mostBytes)
  if (large === undefined) return undefined
  return new GpdError(
    'backend.unsupported',
    `webgpu: a tensor of shape [${large.join(', ')}] takes ${mebibytes(4 * sizeOf(large))}, and this adapter computes with at most ${mebibytes(mostBytes)} at once.`,
    'Use a smaller batch, or another backend.',
  )
}

/** Otherwise the device reports an error, and the result is whatever was in the buffer. An empty result needs no shader. */
function refuseUnfitTensors(backend: WebgpuBackend): void {
  const most = backend.device.limits.maxStorageBufferBindingSize
  const run = backend.runWebGPUProgram.bind(backend)
  backend.runWebGPUProgram = (program, inputs, ...rest) => {
    const shapes = [program.outputShape, ...inputs.map(({ shape }) => shape)]
    const problem = sizeOf(program.outputShape) === 0 ? undefined : unfit(shapes, most)
    if (problem !== undefined) throw problem
    return run(program, inputs, ...rest)
  }
}

/** WebGPU reports errors of the device (out of memory, a shader refused) to the page; a read of the results succeeds. */
function failReadsAfterErrors(backend: WebgpuBackend): void {
  let problem: string | undefined
  const remember = (message: string) => void (problem ??= message.split('\n')[0])
  backend.device.addEventListener('uncapturederror', ({ error }) => remember(error.message))
  void backend.device.lost.then(({ message }) => remember(`the device was lost: ${message}`))
  const checked = <T>(values: T): T => {
    if (problem === undefined) return values
    throw new GpdError(
      'backend.unsupported',
      `webgpu: the device reported an error, so results since then are not to be trusted: ${problem}`,
      'Start again with a smaller batch, or with another backend.',
    )
  }
  const read = backend.read.bind(backend)
  // A read that fails may do so because of the device: then that is what to report.
  backend.read = (dataId: object): Promise<tf.backend_util.BackendValues> =>
    read(dataId).then(checked, (error: unknown) => Promise.reject(checked(error) as Error))
}

/** Outside browsers the stock function fails because there is no canvas, an error that does not name the cause. */
function refuseSynchronousReads(backend: WebgpuBackend): void {
  const readSync = backend.readSync.bind(backend)
  backend.readSync = (dataId: object) => {
    if (!('OffscreenCanvas' in globalThis) && backend.tensorMap.get(dataId).values == null) {
      throw new GpdError(
        'backend.unsupported',
        'webgpu: a tensor was read synchronously, which this backend can do in browsers only.',
        'Read with `await tensor.data()` or `await tensor.array()`.',
      )
    }
    return readSync(dataId)
  }
}

const refused = (what: string, problem: string, instead: string) =>
  ({ backend: 'webgpu', what, problem, outcome: 'refused', instead }) as const

/** What is refused here, for the list of defects. */
export const webgpuGuards = [
  refused('tensors beyond the limit of a binding', 'are left out without an error', 'a smaller batch'),
  refused('tensors without numbers', 'are left out without an error', 'leave them out, or another backend'),
  refused('errors of the device', 'are not reported where a result is read', 'a smaller batch'),
  refused('synchronous reads in Node', 'fail because there is no canvas', '`await tensor.data()`'),
]

/** Makes a backend object throw a clear error where the stock one returns wrong numbers or an unrelated message. */
export function guard(backend: WebgpuBackend): void {
  refuseUnfitTensors(backend)
  failReadsAfterErrors(backend)
  refuseSynchronousReads(backend)
}
