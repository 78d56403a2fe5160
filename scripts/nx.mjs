// Nx with what it needs: the dependencies installed, and the pinned pnpm, by which it runs the packages' scripts.
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runNode } from './run-node.mjs'
import { setup } from './setup.mjs'
import { root } from './workspace.mjs'

setup()
// Nx drops every entry of PATH that starts with <root>/node_modules before it calls pnpm; so this one takes a turn.
const tools = `${root}scripts/../node_modules/.bin`
runNode([fileURLToPath(import.meta.resolve('nx/bin/nx.js')), ...process.argv.slice(2)], {
  env: { NX_DAEMON: 'false', ...process.env, PATH: [tools, process.env.PATH].join(delimiter) },
})
