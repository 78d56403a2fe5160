/**
 * Reads one file and says by how many bytes the process has grown at its largest, beyond what it was before.
 *
 *     memory-process.ts safetensors|idx PATH
 */
import { readFile, writeFile } from 'node:fs/promises'
import { readIdx } from '@gpdjs/data/node'
import { decodeSafetensors } from '@gpdjs/interchange'

const READERS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  safetensors: async (source) => decodeSafetensors(await readFile(source), { source }),
  idx: (path) => readIdx(path),
}

const [name, path] = process.argv.slice(2)
/** Forgets the largest size so far, where the system lets a process do that (Linux). */
const canForget = await writeFile('/proc/self/clear_refs', '5').then(
  () => true,
  () => false,
)
const peak = () => process.resourceUsage().maxRSS * 1024
/** In bytes. */
async function largest(): Promise<number> {
  if (!canForget) return peak()
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(await readFile('/proc/self/status', 'utf8'))!
  return Number(kilobytes) * 1024
}

const before = await largest()
await READERS[name!]!(path!).catch(() => undefined)
process.stdout.write(`${(await largest()) - before}\n`)
