/**
 * Training steps of one network on one backend, a step a line: `worker.ts BACKEND NETWORK` with the network as JSON.
 *
 * The first line out is a greeting. Then each line in is the name of an arm, answered by the milliseconds of one step,
 * or `memory`, answered by the peak resident memory of this process in MB. What goes wrong is an answer too, the last
 * one. `pytorch/worker.py` uses the same protocol.
 */
import { createInterface } from 'node:readline'
import { useBackend, type BackendChoice } from '@gpdjs/backends'
import { arm, PLUGINS } from './arms.ts'
import type { ArmName, Size } from './networks.ts'

const [backend, network] = process.argv.slice(2) as [BackendChoice, string]
const size = JSON.parse(network) as Size
const arms = new Map<string, () => Promise<number>>()

/** Built at the first request, so that the memory measured for an arm is the memory of that arm alone. */
function stepOf(name: ArmName): () => Promise<number> {
  const step = arms.get(name) ?? arm(size, PLUGINS[name])
  arms.set(name, step)
  return step
}

const say = (value: unknown) => console.log(JSON.stringify(value))

try {
  say({ version: (await useBackend(backend)).version })
  for await (const line of createInterface({ input: process.stdin })) {
    // maxRSS is in kilobytes everywhere.
    say(line === 'memory' ? process.resourceUsage().maxRSS / 1e3 : await stepOf(line as ArmName)())
  }
} catch (error) {
  say({ problem: (error as Error).message })
  process.exit()
}
