// `npm test`: every test of every package, from a fresh clone. Arguments go to vitest: `npm test -- packages/core`.
import { runNode } from './run-node.mjs'
import { setup } from './setup.mjs'

setup()
runNode(['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)])
