/** Times every group of kernels on one backend and prints what it found as JSON: `kernels.ts BACKEND ROUNDS`. */
import * as tf from '@tensorflow/tfjs'
import { useBackend, type BackendChoice } from '@gpdjs/backends'
import { interleave, type Spread } from './interleave.ts'
import { KERNEL_GROUPS, type KernelGroup } from './kernel-cases.ts'

export interface KernelRow {
  readonly name: string
  readonly milliseconds: Spread
}

export interface KernelTable {
  readonly title: string
  /** Of each row; absent where rows do different things. */
  readonly flops?: number
  readonly rows: readonly KernelRow[]
}

/** Rounds per round of steps: a kernel takes little time beside a step, and short times need more samples. */
const ROUNDS = 3

/** Milliseconds that a measurement takes at least: of short kernels it is the mean of as many calls as that takes. */
const LEAST = 4

async function once(f: () => tf.Tensor | tf.Tensor[]): Promise<void> {
  const y = tf.tidy(f as () => tf.Tensor[])
  // Compiled TensorFlow may still be at it; the plain backends have finished, and reading would add a copy.
  if (tf.getBackend() === 'tensorflow') await [y].flat()[0]!.data()
  tf.dispose(y)
}

async function timed(f: () => tf.Tensor | tf.Tensor[]): Promise<number> {
  const began = performance.now()
  for (let calls = 1; ; calls++) {
    await once(f)
    const time = performance.now() - began
    if (time >= LEAST) return time / calls
  }
}

async function tableOf({ title, flops, functions }: KernelGroup, rounds: number): Promise<KernelTable> {
  tf.engine().startScope()
  const arms = new Map(Object.entries(functions()).map(([name, f]) => [name, () => timed(f)]))
  const { times, failures } = await interleave(arms, { warmUp: 2, rounds })
  for (const failure of failures.values()) throw failure
  tf.engine().endScope()
  const rows = [...times].map(([name, milliseconds]) => ({ name, milliseconds }))
  return { title, ...(flops !== undefined && { flops }), rows }
}

const [backend, rounds] = process.argv.slice(2) as [BackendChoice, string]
const { version } = await useBackend(backend)
const tables: KernelTable[] = []
for (const group of KERNEL_GROUPS) tables.push(await tableOf(group, ROUNDS * Number(rounds)))
console.log(JSON.stringify({ version, tables }))
