import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isGpdError } from '@gpdjs/core'
import { checkLimits, describeAdapter, findAdapter, findGpu, type Gpu, type GpuAdapter } from './gpu.ts'
import { importOptional } from './import-optional.ts'
import { isNode } from './runtime.ts'
import { webgpu } from './webgpu.ts'

vi.mock('./import-optional.ts')
vi.mock('./runtime.ts', { spy: true })

/** What every implementation of WebGPU guarantees. */
const GUARANTEED = {
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 134217728,
  maxBufferSize: 268435456,
}
const info = { vendor: 'mesa', architecture: 'llvm', description: 'llvmpipe' }
const adapter = (limits: Partial<typeof GUARANTEED> = {}): GpuAdapter => ({
  limits: { ...GUARANTEED, ...limits },
  info,
})
const gpuWith = (found: GpuAdapter | null): Gpu => ({ requestAdapter: () => Promise.resolve(found) })

const failure = async (f: () => unknown) => {
  try {
    await f()
  } catch (error) {
    if (isGpdError(error)) return error
    throw error
  }
  throw new Error('expected a GpdError')
}

describe('the adapter', () => {
  it('is taken if it has what WebGPU guarantees', async () => {
    const found = adapter()
    expect(await findAdapter(gpuWith(found))).toBe(found)
  })

  it('is refused with every limit that is too small, what was found and what is needed', async () => {
    const small = adapter({ maxComputeInvocationsPerWorkgroup: 128, maxBufferSize: 1000 })
    const { code, message } = await failure(() => findAdapter(gpuWith(small)))
    expect(code).toBe('backend.unsupported')
    expect(message).toContain('llvmpipe')
    expect(message).toContain('maxComputeInvocationsPerWorkgroup 128 (needed: 256)')
    expect(message).toContain('maxBufferSize 1000 (needed: 268435456)')
    expect(message).not.toContain('maxStorageBufferBindingSize')
  })

  it('is refused if a limit is missing', async () => {
    const { message } = await failure(() => checkLimits({ limits: {} }))
    expect(message).toContain('an unnamed adapter')
    for (const limit of Object.keys(GUARANTEED)) expect(message).toContain(`${limit} unknown`)
  })

  it('that is absent is an error that names the driver to install', async () => {
    const { code, message, fix } = await failure(() => findAdapter(gpuWith(null)))
    expect(code).toBe('backend.unsupported')
    expect(message).toContain('expected a graphics adapter, found none')
    expect(fix).toContain('Mesa 25')
  })

  it('is named by its description, or by its maker and model', () => {
    expect(describeAdapter({ limits: {}, info })).toBe('llvmpipe')
    expect(describeAdapter({ limits: {}, info: { ...info, description: '' } })).toBe('mesa llvm')
  })
})

describe('WebGPU', () => {
  const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  beforeEach(
    () => void Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true, writable: true }),
  )
  afterEach(() => {
    vi.mocked(importOptional).mockReset()
    Reflect.deleteProperty(globalThis, 'GPUTestOnly')
    if (navigator === undefined) Reflect.deleteProperty(globalThis, 'navigator')
    else Object.defineProperty(globalThis, 'navigator', navigator)
  })

  it('of the browser comes before any package', async () => {
    const own = gpuWith(adapter())
    Object.defineProperty(globalThis.navigator, 'gpu', { value: own, configurable: true })
    expect(await findGpu()).toBe(own)
    expect(importOptional).not.toHaveBeenCalled()
  })

  it('of the package webgpu is put where tfjs-backend-webgpu looks for it', async () => {
    Reflect.deleteProperty(globalThis, 'navigator') // as in Node 20
    const dawn = gpuWith(adapter())
    vi.mocked(importOptional).mockResolvedValue({ create: () => dawn, globals: { GPUTestOnly: 1 } } as never)
    expect(await findGpu()).toBe(dawn)
    expect((globalThis as { navigator?: { gpu?: Gpu } }).navigator?.gpu).toBe(dawn)
    expect(globalThis).toHaveProperty('GPUTestOnly', 1)
    expect(importOptional).toHaveBeenCalledWith('webgpu')
  })

  it('that a page does not have is looked for in no package', async () => {
    vi.mocked(isNode).mockReturnValueOnce(false)
    const { code, message } = await failure(() => webgpu.load())
    expect(code).toBe('backend.unsupported')
    expect(message).toContain('https or localhost')
    expect(importOptional).not.toHaveBeenCalled()
  })

  it('that is not installed fails in words of the package', async () => {
    vi.mocked(importOptional).mockRejectedValue(new Error('webgpu is not installed'))
    await expect(webgpu.load()).rejects.toThrow('webgpu is not installed')
    expect(webgpu.install).toContain('npm install @tensorflow/tfjs-backend-webgpu@4.22.0 webgpu')
  })

  it('without an adapter fails before its backend is loaded', async () => {
    vi.mocked(importOptional).mockResolvedValue({ create: () => gpuWith(null), globals: {} } as never)
    expect((await failure(() => webgpu.load())).message).toContain('found none')
    expect(vi.mocked(importOptional).mock.calls).toEqual([['webgpu']])
  })

  it('whose backend did not register is refused with the reason', async () => {
    vi.mocked(importOptional).mockResolvedValue({ create: () => gpuWith(adapter()), globals: {} } as never)
    const { code, message } = await failure(() => webgpu.load())
    expect(code).toBe('backend.unsupported')
    expect(message).toContain('registered no backend')
  })
})
