import { nodeFiles, type NodeFiles } from './node-modules.ts'

/**
 * Names of files and folders that exist only while something is written. They say which process made them, so that what
 * a dead one left can be told from what a living one is writing:
 *
 *     .gpd-<kind>-<machine>-<process id>-<start of the process>-<random>
 *
 * - `new`: being written
 * - `done`: written whole, its files are to be moved to where they belong (`staged-files.ts`)
 * - `lock`: its process is moving files (`folder-lock.ts`)
 */
export type OwnedKind = 'new' | 'done' | 'lock'

interface Owner {
  readonly machine: string
  readonly pid: number
  readonly start: string
}

const PATTERN = /^\.gpd-(new|done|lock)-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{12}$/
const UNKNOWN_START = '0'

const textOf = (node: NodeFiles, path: string): Promise<string> => node.readFile(path, 'utf8').catch(() => '')

/** The machine, this start of it, and the container: in each of them process ids are counted anew. */
async function thisMachine(node: NodeFiles): Promise<string> {
  const boot = await textOf(node, '/proc/sys/kernel/random/boot_id')
  const container = await node.readlink('/proc/self/ns/pid').catch(() => '')
  return node.createHash('sha256').update([node.hostname(), boot, container].join('\n')).digest('hex').slice(0, 8)
}

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

/** A name that nothing has had before. */
export async function ownName(kind: OwnedKind): Promise<string> {
  const node = await nodeFiles('output.unwritable')
  const owner = [await thisMachine(node), process.pid, await startOf(node, process.pid)]
  return `.gpd-${kind}-${owner.join('-')}-${node.randomBytes(6).toString('hex')}`
}

function ownerOf(name: string): Owner | undefined {
  const [, , machine, pid, start] = PATTERN.exec(name) ?? []
  return machine === undefined ? undefined : { machine, pid: Number(pid), start: start! }
}

/** Names of a kind among those of a folder. */
export const namesOf = (kind: OwnedKind, names: readonly string[]): string[] =>
  names.filter((name) => PATTERN.exec(name)?.[1] === kind).sort()

/** Names of this process that it no longer needs but could not remove. */
const discarded = new Set<string>()

/** Removes what has such a name. Where that fails, it counts as left behind by a dead process from now on. */
export async function discard(path: string): Promise<void> {
  const { basename, rm } = await nodeFiles('output.unwritable')
  await rm(path, { recursive: true, force: true }).catch(() => discarded.add(basename(path)))
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // it is there, but another user's
  }
}

async function isRunning(node: NodeFiles, { pid, start }: Owner): Promise<boolean> {
  if (!exists(pid)) return false
  const { state } = await linuxProcess(node, pid)
  if (state === 'Z' || state === 'X') return false
  const found = await startOf(node, pid)
  // Another start: the number was given to another process.
  return found === start || found === UNKNOWN_START || start === UNKNOWN_START
}

/**
 * Whether the process that made something is gone. On another machine, or in another container, that cannot be seen:
 * there it counts as gone when its thing is older than `foreignAge`.
 *
 * @param now time of the same clock that dates the files, in milliseconds
 */
export async function isAbandoned(
  folder: string,
  name: string,
  foreignAge: number,
  now: number = Date.now(),
): Promise<boolean> {
  const node = await nodeFiles('output.unwritable')
  const owner = ownerOf(name)
  if (owner === undefined) return false
  if (discarded.has(name)) return true
  if (owner.machine === (await thisMachine(node))) return !(await isRunning(node, owner))
  const found = await node.stat(node.join(folder, name)).catch(() => undefined)
  return found !== undefined && now - found.mtimeMs > foreignAge
}

const DAY = 24 * 60 * 60 * 1000

/** Removes what dead processes were writing in a folder. What living ones write stays. */
export async function removeAbandoned(folder: string): Promise<void> {
  const node = await nodeFiles('output.unwritable')
  for (const name of namesOf('new', await node.readdir(folder).catch(() => []))) {
    if (await isAbandoned(folder, name, DAY)) await discard(node.join(folder, name))
  }
}
