import { existsSync } from 'node:fs'
import { GpdError } from '@gpdjs/core/errors'
import type { Tensorflow } from './inspect-tensorflow.ts'

/** Where a loaded NVIDIA driver shows itself on Linux. */
const DRIVER = '/proc/driver/nvidia/version'

/** @throws GpdError `backend.missing` if TensorFlow or the system cannot use a GPU */
export function checkGpu({ version, folder, cuda }: Tensorflow, driver = DRIVER): void {
  if (!cuda) {
    throw new GpdError(
      'backend.missing',
      `native: expected a TensorFlow with CUDA for --gpu, found one without (${version}, ${folder}).`,
      "Install one (pip install 'tensorflow[and-cuda]') and name its Python with --python, or leave --gpu out.",
    )
  }
  if (existsSync(driver)) return
  throw new GpdError(
    'backend.missing',
    `native: expected an NVIDIA driver for --gpu, found none (no ${driver}).`,
    'Install the driver of your GPU, or leave --gpu out.',
  )
}
