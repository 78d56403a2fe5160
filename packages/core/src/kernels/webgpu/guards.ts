import type * as tf from '@tensorflow/tfjs'
import { GpdError } from '../../errors.ts'
import type { WebgpuBackend } from './webgpu-backend.ts'

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`

/** A tensor too large for a shader would otherwise be left out in silence: the result is whatever was in the buffer. */
function refuseLargeTensors(backend: WebgpuBackend): void {
  const most = backend.device.limits.maxStorageBufferBindingSize
  const upload = backend.uploadToGPU.bind(backend)
  backend.uploadToGPU = (dataId) => {
    const { shape } = backend.tensorMap.get(dataId)
    const bytes = 4 * shape.reduce((product, n) => product * n, 1)
    if (bytes > most) {
      throw new GpdError(
        'backend.unsupported',
        `webgpu: a tensor of shape [${shape.join(', ')}] takes ${mebibytes(bytes)}, and this adapter computes with at most ${mebibytes(most)} at once.`,
        'Use a smaller batch, or another backend.',
      )
    }
    upload(dataId)
  }
}

/** WebGPU reports errors of the device (out of memory, a shader refused) to the page, not to who reads the results. */
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

/** Outside browsers the stock function fails for want of a canvas, which says nothing to who called `dataSync`. */
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

/** Makes a backend object fail aloud where the stock one returns wrong numbers or an unrelated message. */
export function guard(backend: WebgpuBackend): void {
  refuseLargeTensors(backend)
  failReadsAfterErrors(backend)
  refuseSynchronousReads(backend)
}
