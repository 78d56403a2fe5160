import { GpdError } from '@gpdjs/core'
import { importOptional } from './import-optional.ts'
import { isNode } from './runtime.ts'

/** The part of WebGPU's `GPUAdapter` that is read here. */
export interface GpuAdapter {
  readonly limits: Readonly<Record<string, number | undefined>>
  readonly info?: { readonly vendor?: string; readonly architecture?: string; readonly description?: string }
}

/** The part of WebGPU's `GPU` that is used here. */
export interface Gpu {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<GpuAdapter | null>
}

/** What the npm package `webgpu` exports: Dawn, the WebGPU of Chromium, for Node. */
interface Dawn {
  create(options: readonly string[]): Gpu
  /** Classes and constants that a browser has as globals. */
  readonly globals: object
}

const runtime = globalThis as { navigator?: { readonly gpu?: Gpu } }

/**
 * The runtime's own WebGPU; in Node the one of the npm package `webgpu`, which is put at `navigator.gpu`, where
 * tfjs-backend-webgpu expects it.
 *
 * @throws Error in one line if the package is missing or does not load; GpdError `backend.unsupported` in a page without it
 */
export async function findGpu(): Promise<Gpu> {
  if (runtime.navigator?.gpu !== undefined) return runtime.navigator.gpu
  if (!isNode()) {
    throw new GpdError(
      'backend.unsupported',
      'webgpu: this page has no WebGPU.',
      "Serve it from https or localhost to a browser with WebGPU, or use the backend 'auto'.",
    )
  }
  const { create, globals } = await importOptional<Dawn>('webgpu')
  Object.assign(globalThis, globals)
  // Node has a navigator from version 21 on.
  if (runtime.navigator === undefined) {
    Object.defineProperty(runtime, 'navigator', { value: {}, configurable: true, writable: true })
  }
  const gpu = create([])
  Object.defineProperty(runtime.navigator, 'gpu', { value: gpu, configurable: true })
  return gpu
}

/**
 * What the shaders of tfjs-backend-webgpu 4.22 need: the limits that WebGPU guarantees, except in its compatibility
 * mode. Workgroups of 256 are written into element-wise kernels, tiles of 16 KiB into products of matrices.
 */
const NEEDED: Readonly<Record<string, number>> = {
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
}

/** The adapter in words: `'llvmpipe: Mesa 25.0.7'`. */
export function describeAdapter({ info = {} }: GpuAdapter): string {
  const words = info.description || [info.vendor, info.architecture].filter(Boolean).join(' ')
  return words || 'an unnamed adapter'
}

/** @throws GpdError `backend.unsupported` naming each limit that is too small, what was found and what is needed */
export function checkLimits(adapter: GpuAdapter): void {
  const short = Object.entries(NEEDED).filter(([limit, needed]) => !((adapter.limits[limit] ?? 0) >= needed))
  if (short.length === 0) return
  const found = short.map(([limit, needed]) => `${limit} ${adapter.limits[limit] ?? 'unknown'} (needed: ${needed})`)
  throw new GpdError(
    'backend.unsupported',
    `webgpu: the limits of the adapter (${describeAdapter(adapter)}) are too small: found ${found.join(', ')}.`,
    "Use another adapter or driver, or the backend 'auto'.",
  )
}

/**
 * The adapter that tfjs-backend-webgpu will use, checked for the limits that its shaders need.
 *
 * @throws GpdError `backend.unsupported` if there is none, or its limits are too small
 */
export async function findAdapter(gpu: Gpu): Promise<GpuAdapter> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (adapter === null) {
    throw new GpdError(
      'backend.unsupported',
      'webgpu: expected a graphics adapter, found none.',
      "Install its driver (on Linux Vulkan; Mesa 25 or newer has one in software), or use the backend 'auto'.",
    )
  }
  checkLimits(adapter)
  return adapter
}
