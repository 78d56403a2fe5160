// `npm start`: the first example, from a fresh clone. Arguments are passed on: `npm start -- --smoke`.
import { setup } from './setup.mjs'
import { runNode, sourceFlags } from './run-node.mjs'

setup()
runNode([...sourceFlags(), 'examples/fashion-mnist/src/main.ts', ...process.argv.slice(2)])
