// Imported first and for its effect: stops with a clear sentence where Node is too old for the other scripts.
import { readFileSync } from 'fs'

const manifest = new URL('../package.json', import.meta.url)
/** @param {string} version such as `>=20.19` */
const numbers = (version) => (version.match(/\d+/g) || []).map(Number)
const needed = numbers(JSON.parse(readFileSync(manifest, 'utf8')).engines.node)
const found = numbers(process.versions.node)
const difference = needed.map((part, i) => part - (found[i] || 0)).find((part) => part !== 0)

if (difference !== undefined && difference > 0) {
  console.error(`Node ${needed.join('.')} or newer is needed, found ${process.versions.node}.`)
  console.error('Install a newer Node (https://nodejs.org) and run the same command again.')
  process.exit(1)
}
