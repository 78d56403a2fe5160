/**
 * The training step on compiled TensorFlow beside the same step in PyTorch, interleaved in one run: milliseconds of
 * the fastest round, and as multiples of the plain PyTorch step.
 *
 *     node --conditions=@gpdjs/source --import tsx benchmarks/compare-pytorch.ts [--networks A,B,C,D] [--rounds 8] [--python python3]
 *
 * The Python needs torch.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { useBackend } from '@gpdjs/core'
import { arm, NETWORKS, PLUGINS, type NetworkName } from './arms.ts'

const { values: options } = parseArgs({
  options: {
    networks: { type: 'string', default: 'A,B,C,D' },
    rounds: { type: 'string', default: '8' },
    python: { type: 'string', default: 'python3' },
  },
})

const names = options.networks.split(',') as NetworkName[]
const chosen = Object.fromEntries(names.map((name) => [name, NETWORKS[name]]))
const script = fileURLToPath(new URL('compare_pytorch.py', import.meta.url))
const torch = spawn(options.python, [script, JSON.stringify(chosen)], { stdio: ['pipe', 'pipe', 'inherit'] })
const answers = createInterface({ input: torch.stdout })[Symbol.asyncIterator]()
const answer = async (): Promise<string> => {
  const { value, done } = await answers.next()
  if (done === true) throw new Error('PyTorch has ended')
  return value
}

/** The least disturbed round: other load on the machine only ever adds, and adds most to threads that wait by spinning. */
const fastest = (times: number[]) => Math.min(...times)
const rounded = (value: number) => Number(value.toFixed(2))

const backend = await useBackend('tensorflow')
console.log(`${backend.version}; PyTorch ${await answer()}`)
const rows: Record<string, Record<string, number>> = {}
for (const name of names) {
  const steps: Record<'pytorch' | 'plain' | 'gpd', () => Promise<number>> = {
    pytorch: async () => {
      torch.stdin.write(`${name}\n`)
      return Number(await answer())
    },
    plain: arm(name, PLUGINS.plain),
    gpd: arm(name, PLUGINS.gpd),
  }
  const times = Object.entries(steps).map(([label, step]) => ({ label, step, times: [] as number[] }))
  // Interleaved, so that whatever else the machine does touches all alike; the first two rounds warm up.
  for (let round = -2; round < Number(options.rounds); round++) {
    for (const { step, times: taken } of times) {
      const time = await step()
      if (round >= 0) taken.push(time)
    }
  }
  const row = Object.fromEntries(times.map(({ label, times: taken }) => [label, fastest(taken)])) as Record<
    keyof typeof steps,
    number
  >
  rows[name] = {
    pytorch: rounded(row.pytorch),
    plain: rounded(row.plain),
    gpd: rounded(row.gpd),
    'plain / pytorch': rounded(row.plain / row.pytorch),
    'gpd / pytorch': rounded(row.gpd / row.pytorch),
  }
}
console.table(rows)
torch.stdin.end()
