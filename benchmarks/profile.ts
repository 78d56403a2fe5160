/**
 * Where a training step spends its time, kernel by kernel.
 *
 *     npm run profile -- [--network D] [--arm gpd|plain] [--steps 5] [--backend auto]
 */
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs'
import { useBackend, type BackendChoice } from '@gpdjs/core'
import { arm, PLUGINS, type NetworkName } from './arms.ts'

const { values: options } = parseArgs({
  options: {
    network: { type: 'string', default: 'D' },
    arm: { type: 'string', default: 'gpd' },
    steps: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'auto' },
  },
})

interface Row {
  calls: number
  milliseconds: number
  /** Of inputs and outputs. */
  bytes: number
}

const rows = new Map<string, Row>()
let depth = 0
let measuring = false

type Info = { shape: number[] }
const bytesOf = (tensors: unknown): number =>
  (Array.isArray(tensors) ? tensors : Object.values((tensors ?? {}) as object))
    .flat()
    .reduce((sum: number, tensor: Info | undefined) => sum + 4 * (tensor?.shape?.reduce((a, b) => a * b, 1) ?? 0), 0)

/** Times a kernel. Kernels call other kernels; only the outermost call counts, or their time would count twice. */
function timed(config: tf.KernelConfig): tf.KernelConfig {
  const kernelFunc: tf.KernelFunc = (params) => {
    if (!measuring || depth > 0) return config.kernelFunc(params)
    depth++
    const began = performance.now()
    const result = config.kernelFunc(params)
    depth--
    const row = rows.get(config.kernelName) ?? { calls: 0, milliseconds: 0, bytes: 0 }
    row.calls++
    row.milliseconds += performance.now() - began
    row.bytes += bytesOf(params.inputs) + bytesOf([result].flat())
    rows.set(config.kernelName, row)
    return result
  }
  return { ...config, kernelFunc }
}

const backend = await useBackend(options.backend as BackendChoice)
for (const config of tf.getKernelsForBackend(backend.name)) {
  tf.unregisterKernel(config.kernelName, backend.name)
  tf.registerKernel(timed(config))
}
const steps = Number(options.steps)
const step = arm(options.network as NetworkName, PLUGINS[options.arm as keyof typeof PLUGINS])
await step()
await step()
measuring = true
let total = 0
for (let i = 0; i < steps; i++) total += await step()

const rounded = (value: number) => Number(value.toFixed(2))
const sorted = [...rows].sort(([, a], [, b]) => b.milliseconds - a.milliseconds)
const inKernels = sorted.reduce((sum, [, { milliseconds }]) => sum + milliseconds, 0)
console.log(
  `${backend.name} ${backend.version}, network ${options.network}, ${options.arm}: ${rounded(total / steps)} ms per step, ${rounded(inKernels / steps)} of them in kernels`,
)
console.table(
  Object.fromEntries(
    sorted.slice(0, 25).map(([name, { calls, milliseconds, bytes }]) => [
      name,
      {
        'ms per step': rounded(milliseconds / steps),
        share: `${Math.round((100 * milliseconds) / inKernels)} %`,
        'calls per step': Math.round(calls / steps),
        'MB per step': rounded(bytes / steps / 1e6),
      },
    ]),
  ),
)
