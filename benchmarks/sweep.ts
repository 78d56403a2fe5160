import * as tf from '@tensorflow/tfjs'
import { arm, gpd, PLUGINS, type Plugins } from './arms.ts'
import { interleave } from './interleave.ts'
import { watchKernels } from './kernel-calls.ts'
import { NETWORKS, type ResnetSize } from './networks.ts'

/** The network that is varied. */
export const BASE: ResnetSize = NETWORKS.D

export interface Point {
  readonly x: number
  /** Of one step, the median. */
  readonly milliseconds: number
  /** Floating-point operations of products and convolutions in one step, counted. */
  readonly flops: number
}

interface Variation {
  readonly x: number
  readonly size: ResnetSize
  readonly plugins: Plugins
}

/** Measures variations interleaved, then counts the operations of a step of each. */
export async function sweep(variations: readonly Variation[], rounds: number): Promise<Point[]> {
  const steps = variations.map(({ size, plugins }) => arm(size, plugins))
  const { times, failures } = await interleave(new Map(steps.map((step, at) => [String(at), step])), {
    warmUp: 1,
    rounds,
  })
  for (const failure of failures.values()) throw failure
  const points: Point[] = []
  for (const [at, step] of steps.entries()) {
    const { totals, stop } = watchKernels(tf.getBackend())
    await step()
    stop()
    const flops = [...totals.values()].reduce((sum, kernel) => sum + kernel.flops, 0)
    points.push({ x: variations[at]!.x, milliseconds: times.get(String(at))!.median, flops })
  }
  return points
}

/** Side of the matrices that the peak is measured with: large enough for every thread and cache. */
export const PEAK_SIZE = 1024

/** Floating-point operations per second of the fastest of some large products: what the machine can do at best. */
export async function matMulPeak(): Promise<number> {
  const [a, b] = [1, 2].map((seed) => tf.randomNormal<tf.Rank.R2>([PEAK_SIZE, PEAK_SIZE], 0, 1, 'float32', seed))
  const multiply = async () => {
    const began = performance.now()
    const c = tf.matMul(a!, b!)
    await c.data()
    c.dispose()
    return performance.now() - began
  }
  const { times } = await interleave(new Map([['matMul', multiply]]), { warmUp: 2, rounds: 12 })
  tf.dispose([a!, b!])
  return (2 * PEAK_SIZE ** 3) / (times.get('matMul')!.min / 1000)
}

const RATIOS = [1, 2, 3, 4]
const BRANCHES = [0, 1, 2, 3, 4, 5, 6]
const WIDTHS = [8, 16, 24, 32]
const BATCHES = [16, 32, 64, 96]

/** By what is varied; `plain` is the student alone. */
export const VARIATIONS = {
  plain: [{ x: 0, size: BASE, plugins: PLUGINS.plain }],
  ratio: RATIOS.map((x) => ({ x, size: BASE, plugins: gpd(x) })),
  branches: BRANCHES.map((x) => ({ x, size: BASE, plugins: gpd(2, x) })),
  width: WIDTHS.map((x) => ({ x, size: { ...BASE, width: x }, plugins: gpd() })),
  batch: BATCHES.map((x) => ({ x, size: { ...BASE, batch: x }, plugins: gpd() })),
} as const satisfies Record<string, readonly Variation[]>
