/**
 * Where a training step spends its time, kernel by kernel.
 *
 *     npm run profile -- [--network D] [--arm gpd|plain] [--steps 5] [--backend auto] [--json]
 */
import { parseArgs } from 'node:util'
import { useBackend, type BackendChoice } from '@gpdjs/backends'
import { arm, PLUGINS } from './arms.ts'
import { watchKernels } from './kernel-calls.ts'
import { NETWORKS, type ArmName, type NetworkName } from './networks.ts'
import { plainText } from './table.ts'

const { values: options } = parseArgs({
  options: {
    network: { type: 'string', default: 'D' },
    arm: { type: 'string', default: 'gpd' },
    steps: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'auto' },
    json: { type: 'boolean', default: false },
  },
})

const backend = await useBackend(options.backend as BackendChoice)
const calls = watchKernels(backend.name)
const steps = Number(options.steps)
const step = arm(NETWORKS[options.network as NetworkName], PLUGINS[options.arm as ArmName])
for (let i = 0; i < 2; i++) await step()
calls.reset()
let total = 0
for (let i = 0; i < steps; i++) total += await step()

const rows = [...calls.totals]
  .sort(([, a], [, b]) => b.milliseconds - a.milliseconds)
  .map(([kernel, { calls, milliseconds, bytes, flops }]) => ({
    kernel,
    calls: calls / steps,
    milliseconds: milliseconds / steps,
    megabytes: bytes / steps / 1e6,
    gigaflops: flops / steps / 1e9,
  }))
const sum = (key: 'milliseconds' | 'gigaflops') => rows.reduce((all, row) => all + row[key], 0)
const inKernels = sum('milliseconds')
const report = {
  backend: backend.name,
  version: backend.version,
  network: options.network,
  arm: options.arm,
  milliseconds: total / steps,
  millisecondsInKernels: inKernels,
  gigaflops: sum('gigaflops'),
  kernels: rows,
}

/** GFLOP in milliseconds as GFLOP/s. */
const rate = (gigaflops: number, milliseconds: number) => (1e3 * gigaflops) / milliseconds

if (options.json) console.log(JSON.stringify(report))
else {
  const { milliseconds, gigaflops } = report
  const title = `${backend.name} (${backend.version}), network ${options.network}, ${options.arm}: ${milliseconds.toFixed(1)} ms per step, ${inKernels.toFixed(1)} of them in kernels; ${gigaflops.toFixed(2)} GFLOP, ${rate(gigaflops, milliseconds).toFixed(1)} GFLOP/s`
  console.log(
    plainText({
      title,
      head: ['per step', 'ms', 'share', 'calls', 'MB', 'GFLOP', 'GFLOP/s'],
      rows: rows
        .slice(0, 25)
        .map((row) => [
          row.kernel,
          row.milliseconds.toFixed(2),
          `${((100 * row.milliseconds) / inKernels).toFixed(0)} %`,
          row.calls.toFixed(0),
          row.megabytes.toFixed(1),
          ...(row.gigaflops === 0
            ? ['–', '–']
            : [row.gigaflops.toFixed(3), rate(row.gigaflops, row.milliseconds).toFixed(1)]),
        ]),
    }),
  )
}
