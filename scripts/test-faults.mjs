// `npm run test:faults`: kills, damaged files and full disks, with processes of the command that was built before.
// `GPD_KILLS=200` is the long version.
import { runNode } from './run-node.mjs'

const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--root',
  'packages/cli',
  '--config',
  'vitest.faults.config.ts',
]
runNode([...vitest, ...process.argv.slice(2)])
