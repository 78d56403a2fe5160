/**
 * Milliseconds per training step of the networks that the project is measured on, plain and with GPD.
 *
 *     npm run bench -- [--networks A,D] [--ratio 2] [--branches 6] [--rounds 8] [--backend auto] [--json]
 */
import { parseArgs } from 'node:util'
import { useBackend, type BackendChoice } from '@gpdjs/core'
import { arm, gpd, PLUGINS, type NetworkName } from './arms.ts'

const { values: options } = parseArgs({
  options: {
    networks: { type: 'string', default: 'A,D' },
    ratio: { type: 'string', default: '2' },
    branches: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '8' },
    backend: { type: 'string', default: 'auto' },
    json: { type: 'boolean', default: false },
  },
})

const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
const rounded = (value: number) => Number(value.toFixed(2))

const backend = await useBackend(options.backend as BackendChoice)
const rows: Record<string, Record<'plain' | 'gpd' | 'gpd / plain', number>> = {}
for (const name of options.networks.split(',') as NetworkName[]) {
  const plain = { step: arm(name, PLUGINS.plain), times: [] as number[] }
  const dynamic = { step: arm(name, gpd(Number(options.ratio), Number(options.branches))), times: [] as number[] }
  // Interleaved, so that whatever else the machine does touches both alike; the first round warms up.
  for (let round = -1; round < Number(options.rounds); round++) {
    for (const { step, times } of [plain, dynamic]) {
      const time = await step()
      if (round >= 0) times.push(time)
    }
  }
  const [a, b] = [median(plain.times), median(dynamic.times)]
  rows[name] = { plain: rounded(a), gpd: rounded(b), 'gpd / plain': rounded(b / a) }
}
if (options.json) console.log(JSON.stringify({ backend: backend.name, version: backend.version, milliseconds: rows }))
else {
  console.log(`${backend.name} ${backend.version}: milliseconds per step`)
  console.table(rows)
}
