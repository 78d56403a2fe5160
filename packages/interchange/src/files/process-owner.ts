import type { NodeFiles } from './node-modules.ts'

/** A process, told from all others that have had its number. */
export interface ProcessOwner {
  readonly machine: string
  readonly pid: number
  readonly start: string
}

const UNKNOWN_START = '0'

const textOf = (node: NodeFiles, path: string): Promise<string> => node.readFile(path, 'utf8').catch(() => '')

const digestOf = (node: NodeFiles, parts: readonly string[]): string =>
  node.createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8)

/** Changes when the machine starts anew; empty where that cannot be seen. */
export const bootOf = (node: NodeFiles): Promise<string> => textOf(node, '/proc/sys/kernel/random/boot_id')

/** The machine, this start of it, and the container: in each of them process ids are counted anew. */
export async function thisMachine(node: NodeFiles): Promise<string> {
  const container = await node.readlink('/proc/self/ns/pid').catch(() => '')
  return digestOf(node, [node.hostname(), await bootOf(node), container])
}

/** The machine, however often it has started. */
export const thisHost = async (node: NodeFiles): Promise<string> =>
  digestOf(node, [node.hostname(), await textOf(node, '/etc/machine-id')])

/** State and start of a process as Linux tells them: fields 3 and 22 of `stat`; the name before them may hold anything. */
async function linuxProcess(node: NodeFiles, pid: number): Promise<{ state?: string; start?: string }> {
  const stat = await textOf(node, `/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.length > 19 ? { state: fields[0]!, start: fields[19]! } : {}
}

async function startOf(node: NodeFiles, pid: number): Promise<string> {
  const { start } = await linuxProcess(node, pid)
  if (start !== undefined) return start
  return pid === process.pid ? String(Math.round(performance.timeOrigin)) : UNKNOWN_START
}

export const ownProcess = async (node: NodeFiles): Promise<ProcessOwner> => ({
  machine: await thisMachine(node),
  pid: process.pid,
  start: await startOf(node, process.pid),
})

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // it is there, but another user's
  }
}

/** Whether a process of this machine is running. */
export async function isRunning(
  node: NodeFiles,
  { pid, start }: Pick<ProcessOwner, 'pid' | 'start'>,
): Promise<boolean> {
  if (!exists(pid)) return false
  const { state } = await linuxProcess(node, pid)
  if (state === 'Z' || state === 'X') return false
  const found = await startOf(node, pid)
  // Another start: the number was given to another process.
  return found === start || found === UNKNOWN_START || start === UNKNOWN_START
}
