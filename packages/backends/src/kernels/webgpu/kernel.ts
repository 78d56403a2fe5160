import { kernelsOf } from '../kernel.ts'
import type { WebgpuBackend } from './webgpu-backend.ts'

export const webgpuKernel = kernelsOf<WebgpuBackend>()
