// `npm run gpd -- …`: the command line from its sources; paths are relative to where it was called.
import { join } from 'node:path'
import { runNode, sourceFlags } from './run-node.mjs'
import { setup } from './setup.mjs'
import { root } from './workspace.mjs'

setup()
runNode([...sourceFlags(), join(root, 'packages/cli/src/main.ts'), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
})
