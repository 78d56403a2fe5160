import { describe, expect, it } from 'vitest'
import { guard } from './guards.ts'
import type { DeviceData, WebgpuBackend } from './webgpu-backend.ts'

type Listener = (event: { readonly error: Error }) => void

/** A device that a test controls, and a backend with one tensor. */
function fakeBackend(data: Partial<DeviceData> = {}) {
  const listeners: Listener[] = []
  let lose!: (reason: { message: string }) => void
  const programs: object[] = []
  const backend = {
    device: {
      limits: { maxStorageBufferBindingSize: 2 ** 20 },
      lost: new Promise<{ message: string }>((resolve) => (lose = resolve)),
      addEventListener: (_type: string, listener: Listener) => void listeners.push(listener),
    },
    tensorMap: { get: () => ({ shape: [2], dtype: 'float32', ...data }) },
    runWebGPUProgram: (program: object) => void programs.push(program),
    read: (): Promise<Float32Array> => Promise.resolve(Float32Array.of(1, 2)),
    readSync: () => Float32Array.of(1, 2),
  }
  const guarded = backend as unknown as WebgpuBackend
  const report = (message: string) => listeners.forEach((listener) => listener({ error: new Error(message) }))
  return { backend, guarded, report, lose: (message: string) => lose({ message }), programs }
}

describe('a guarded webgpu backend', () => {
  it('reads as before while the device is well', async () => {
    const { guarded } = fakeBackend()
    guard(guarded)
    expect(await guarded.read({})).toEqual(Float32Array.of(1, 2))
  })

  it('fails every read after the device reported an error, with its first line', async () => {
    const { guarded, report } = fakeBackend()
    guard(guarded)
    report('Out of memory\nat Dawn')
    report('something else')
    for (let i = 0; i < 2; i++) {
      await expect(guarded.read({})).rejects.toMatchObject({
        code: 'backend.unsupported',
        message: expect.stringMatching(/not to be trusted: Out of memory/) as string,
      })
    }
  })

  it('fails reads after the device was lost', async () => {
    const { guarded, lose } = fakeBackend()
    guard(guarded)
    lose('the driver stopped')
    await expect(guarded.read({})).rejects.toThrow('the device was lost: the driver stopped')
  })

  it('passes on the error of a read that is no fault of the device, and reads again', async () => {
    const { backend, guarded } = fakeBackend()
    const { read } = backend
    backend.read = () => Promise.reject(new Error('no such tensor'))
    guard(guarded)
    await expect(guarded.read({})).rejects.toThrow('no such tensor')
    backend.read = read
    guard(guarded)
    expect(await guarded.read({})).toEqual(Float32Array.of(1, 2))
  })

  const run = (guarded: WebgpuBackend, output: number[], input: number[]) =>
    guarded.runWebGPUProgram({ outputShape: output }, [{ dataId: {}, shape: input, dtype: 'float32' }])

  it('refuses a tensor that no shader could reach, with its size and the most', () => {
    const { guarded, programs } = fakeBackend()
    guard(guarded)
    expect(() => run(guarded, [1], [1024, 257])).toThrow('a tensor of shape [1024, 257] takes 2 MiB')
    expect(() => run(guarded, [1024, 257], [1])).toThrow('at most 1 MiB')
    expect(programs).toEqual([])
  })

  it('refuses a tensor without numbers, unless the result has none', () => {
    const { guarded, programs } = fakeBackend()
    guard(guarded)
    expect(() => run(guarded, [3], [3, 0])).toThrow('a tensor without numbers, of shape [3, 0]')
    expect(programs).toEqual([])
    run(guarded, [0, 3], [0, 3])
    expect(programs).toHaveLength(1)
  })

  it('runs a shader on a tensor of just that size', () => {
    const { guarded, programs } = fakeBackend()
    guard(guarded)
    run(guarded, [1], [1024, 256])
    expect(programs).toHaveLength(1)
  })

  it('refuses a synchronous read of values on the device, not of values in host memory', () => {
    const onDevice = fakeBackend({ values: null }).guarded
    guard(onDevice)
    expect(() => onDevice.readSync({})).toThrow('read synchronously')
    const inMemory = fakeBackend({ values: Float32Array.of(1, 2) }).guarded
    guard(inMemory)
    expect(inMemory.readSync({})).toEqual(Float32Array.of(1, 2))
  })
})
