/**
 * Writes docs/performance.md and its plots: how the cost of a step grows with the ratio, the number of branches, the
 * width and the batch, beside what arithmetic alone would make of it. Run: npm run docs:performance
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/core'
import { arm, gpd, PLUGINS, type Plugins } from './arms.ts'
import { NETWORKS, type ResnetSize } from './networks.ts'
import { plot, type Series } from './plot.ts'

const ROUNDS = 7
const BASE: ResnetSize = NETWORKS.D
const backend = await useBackend('auto')

const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!

/** Medians of several arms, interleaved, so that whatever else the machine does touches all of them alike. */
async function measure(arms: readonly (readonly [size: ResnetSize, plugins: Plugins])[]): Promise<number[]> {
  const running = arms.map(([size, plugins]) => ({ step: arm(size, plugins), times: [] as number[] }))
  for (let round = -1; round < ROUNDS; round++) {
    for (const { step, times } of running) {
      const time = await step()
      if (round >= 0) times.push(time)
    }
  }
  return running.map(({ times }) => median(times))
}

/** Multiply-adds per second of a 512³ matMul: what the machine can do at best. */
async function matMulPeak(): Promise<number> {
  const [a, b] = [tf.randomNormal([512, 512], 0, 1, 'float32', 1), tf.randomNormal([512, 512], 0, 1, 'float32', 2)]
  const times: number[] = []
  for (let round = 0; round < 20; round++) {
    const began = performance.now()
    const c = tf.matMul(a, b)
    await c.data()
    c.dispose()
    times.push(performance.now() - began)
  }
  tf.dispose([a, b])
  return 512 ** 3 / (median(times) / 1000)
}

const RATIOS = [1, 2, 3, 4]
const BRANCHES = [0, 1, 2, 3, 4, 5, 6]
const WIDTHS = [8, 16, 24, 32]
const BATCHES = [16, 32, 64, 96]

const [plain, ...byRatio] = await measure([
  [BASE, PLUGINS.plain],
  ...RATIOS.map((ratio) => [BASE, gpd(ratio)] as const),
])
const byBranches = await measure(BRANCHES.map((count) => [BASE, gpd(2, count)] as const))
const byWidth = await measure(WIDTHS.map((width) => [{ ...BASE, width }, gpd()] as const))
const byBatch = await measure(BATCHES.map((batch) => [{ ...BASE, batch }, gpd()] as const))
const peak = await matMulPeak()

const points = (xs: readonly number[], ys: readonly number[]) => xs.map((x, i) => [x, ys[i]!] as const)
const plots: Readonly<
  Record<string, { readonly title: string; readonly x: string; readonly series: readonly Series[] }>
> = {
  ratio: {
    title: 'Step time by expansion ratio',
    x: 'ratio r',
    series: [
      { label: 'measured', points: points(RATIOS, byRatio) },
      {
        label: '(1 + r²) plain student steps',
        points: points(
          RATIOS,
          RATIOS.map((ratio) => plain! * (1 + ratio ** 2)),
        ),
      },
    ],
  },
  branches: {
    title: 'Step time by number of branches',
    x: 'branches (0: one kernel)',
    series: [{ label: 'measured, r = 2', points: points(BRANCHES, byBranches) }],
  },
  width: {
    title: 'Step time by width of the student',
    x: 'channels of the first stage',
    series: [
      { label: 'measured, r = 2', points: points(WIDTHS, byWidth) },
      {
        label: 'quadratic from the first',
        points: points(
          WIDTHS,
          WIDTHS.map((width) => byWidth[0]! * (width / WIDTHS[0]!) ** 2),
        ),
      },
    ],
  },
  batch: {
    title: 'Step time by batch',
    x: 'images',
    series: [
      { label: 'measured, r = 2', points: points(BATCHES, byBatch) },
      {
        label: 'linear from the first',
        points: points(
          BATCHES,
          BATCHES.map((batch) => (byBatch[0]! * batch) / BATCHES[0]!),
        ),
      },
    ],
  },
}

const docs = fileURLToPath(new URL('../docs/', import.meta.url))
mkdirSync(`${docs}plots`, { recursive: true })
for (const [name, { title, x, series }] of Object.entries(plots))
  writeFileSync(`${docs}plots/${name}.svg`, plot(title, x, 'milliseconds per step', series))

const table = (head: string, xs: readonly number[], ys: readonly number[]) =>
  [
    `| ${head} | ${xs.join(' | ')} |`,
    `| --- | ${xs.map(() => '---').join(' | ')} |`,
    `| ms per step | ${ys.map((y) => y.toFixed(0)).join(' | ')} |`,
  ].join('\n')
const flops = 2 * peak
writeFileSync(
  `${docs}performance.md`,
  `# Performance

Measured by \`npm run docs:performance\` on \`${backend.name}\` (${backend.version}), ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}; medians of
${ROUNDS} interleaved steps. The student is a CIFAR ResNet of width ${BASE.width}, blocks [${BASE.blocks.join(', ')}], on ${BASE.inputShape.join('×')} images, batch ${BASE.batch}. GPD
means: a static teacher's DKD from cached logits, a dynamic teacher with six OREPA branches, SGD with momentum, clipping.
A 512³ matMul runs at ${(flops / 1e9).toFixed(0)} GFLOP/s on the same backend; a plain student step takes ${plain!.toFixed(0)} ms.

Where the time goes, kernel by kernel: \`npm run profile\`. Against PyTorch: \`benchmarks/compare-pytorch.ts\`.

## Expansion ratio

A step runs the student and a dynamic teacher with \`r²\` times its multiply-adds: arithmetic alone makes it \`1 + r²\` plain
steps.

${table('r', RATIOS, byRatio)}

![Step time by expansion ratio](plots/ratio.svg)

## Branches

Merging costs the same whatever the batch, so it shows on small batches and wide layers only.

${table('branches', BRANCHES, byBranches)}

![Step time by number of branches](plots/branches.svg)

## Width

${table('width', WIDTHS, byWidth)}

![Step time by width of the student](plots/width.svg)

## Batch

${table('batch', BATCHES, byBatch)}

![Step time by batch](plots/batch.svg)
`,
)
