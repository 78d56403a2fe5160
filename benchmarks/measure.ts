import { MEMORY_GOAL, type ArmId } from './goals.ts'
import { interleave, type Interleaved } from './interleave.ts'
import { NETWORKS, type ArmName, type NetworkName } from './networks.ts'
import { startWorker, type Contestant } from './contestant.ts'

const ARMS: readonly ArmName[] = ['plain', 'gpd']

/** PyTorch's first steps choose algorithms, wasm's compile. */
const WARM_UP = 2
const REST = 30

/**
 * Milliseconds of a step of every arm on one network, interleaved. Each arm has a process of its own: one that dies
 * takes no other with it.
 */
export async function measureSteps(
  network: NetworkName,
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Interleaved<ArmId>> {
  const started = ARMS.flatMap((arm) =>
    contestants.map(async (contestant) => {
      const worker = await startWorker(contestant, NETWORKS[network])
      return { id: `${contestant.name} ${arm}` as ArmId, arm, worker }
    }),
  )
  const workers = await Promise.all(started)
  const arms = new Map(workers.map(({ id, arm, worker }) => [id, () => worker.ask(arm)]))
  const measured = await interleave(arms, { warmUp: WARM_UP, rounds, rest: REST })
  for (const { worker } of workers) worker.end()
  return measured
}

/** Enough for memory to have reached its level. */
const MEMORY_STEPS = 8

/** Peak resident memory in MB of a process that takes some GPD steps, by contestant; one after another. */
export async function measureMemory(contestants: readonly Contestant[]): Promise<ReadonlyMap<string, number>> {
  const peaks = new Map<string, number>()
  for (const contestant of contestants) {
    const worker = await startWorker(contestant, NETWORKS[MEMORY_GOAL.network])
    for (let step = 0; step < MEMORY_STEPS; step++) await worker.ask('gpd')
    peaks.set(contestant.name, await worker.ask('memory'))
    worker.end()
  }
  return peaks
}
