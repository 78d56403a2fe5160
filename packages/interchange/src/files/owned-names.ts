import { nodeFiles } from './node-modules.ts'
import { isRunning, ownProcess, thisMachine, type ProcessOwner } from './process-owner.ts'

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

const PATTERN = /^\.gpd-(new|done|lock)-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{12}$/

/** A name that nothing has had before. */
export async function ownName(kind: OwnedKind): Promise<string> {
  const node = await nodeFiles('output.unwritable')
  const { machine, pid, start } = await ownProcess(node)
  return `.gpd-${kind}-${machine}-${pid}-${start}-${node.randomBytes(6).toString('hex')}`
}

function ownerOf(name: string): ProcessOwner | undefined {
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
