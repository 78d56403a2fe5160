import { fillOptions, GpdError, kinds, option, type Given } from '@gpdjs/core'
import { writeDurably } from './durable.ts'
import { withFolderLock } from './folder-lock.ts'
import { nodeFiles, type NodeFiles } from './node-modules.ts'
import { discard, ownName } from './owned-names.ts'
import { bootOf, isRunning, ownProcess, thisHost, thisMachine, type ProcessOwner } from './process-owner.ts'
import { isRecord } from './sealed-json.ts'

/** The file in a folder that says who writes there. */
const LOCK = 'run.lock'

/** What the file holds. */
interface Holder extends ProcessOwner {
  readonly host: string
  /** The machine without this start of it, and the start. */
  readonly hostId: string
  readonly boot: string
  /** When it began to write there, for people. */
  readonly since: string
  /** Tells two holds of one process apart. */
  readonly token: string
}

const TEXTS = ['machine', 'start', 'host', 'hostId', 'boot', 'since', 'token'] as const

function parseHolder(text: string): Holder | undefined {
  try {
    const json = JSON.parse(text) as unknown
    if (!isRecord(json) || !Number.isSafeInteger(json['pid'])) return undefined
    return TEXTS.every((key) => typeof json[key] === 'string') ? (json as unknown as Holder) : undefined
  } catch {
    return undefined
  }
}

/** `gone`: nobody holds it any more. `unknown`: nobody on this machine can say. */
type Life = 'running' | 'gone' | 'unknown'

async function lifeOf(node: NodeFiles, holder: Holder): Promise<Life> {
  if (holder.machine === (await thisMachine(node))) return (await isRunning(node, holder)) ? 'running' : 'gone'
  // The machine has started anew since: of its processes of before none is left.
  const boot = await bootOf(node)
  const restarted =
    holder.hostId === (await thisHost(node)) && holder.boot !== '' && boot !== '' && holder.boot !== boot
  return restarted ? 'gone' : 'unknown'
}

interface Found {
  readonly holder: Holder | undefined
  readonly life: Life
}

async function find(node: NodeFiles, folder: string): Promise<Found> {
  const text = await node.readFile(node.join(folder, LOCK), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (text === undefined) return { holder: undefined, life: 'gone' }
  const holder = parseHolder(text)
  return holder ? { holder, life: await lifeOf(node, holder) } : { holder, life: 'unknown' }
}

function locked(folder: string, { holder, life }: Found): GpdError {
  const by = holder ? `process ${holder.pid} on '${holder.host}', since ${holder.since}` : `a damaged '${LOCK}'`
  const fix =
    life === 'running'
      ? 'Wait for it to end, or take another folder.'
      : 'If nothing writes there any more, take the lock by force (--force-unlock).'
  return new GpdError('output.locked', `'${folder}' is held by ${by}.`, fix)
}

/**
 * Throws if another process writes to a folder, or may do so.
 *
 * @throws GpdError `output.locked`, naming process and machine
 */
export async function checkHeld(folder: string): Promise<void> {
  const found = await find(await nodeFiles('output.unwritable'), folder)
  if (found.life !== 'gone') throw locked(folder, found)
}

/** A folder that this process alone writes to. */
export interface HeldFolder {
  /** Lets others write there. */
  release(): Promise<void>
}

const HOLD = {
  /**
   * Takes the lock of a process that cannot be seen from here, on another machine or in another container; never that of one
   * that is running (default false).
   */
  force: option(kinds.flag, false),
}

export type HoldFolderOptions = Given<typeof HOLD>

/**
 * Holds a folder for as long as a run lasts, by a file `run.lock` that names process, machine and start. Of a process that
 * is gone the lock is taken over, also if its number belongs to another one by now, or if the machine was started anew.
 *
 * @param folder that exists
 * @throws GpdError `output.locked`; `output.unwritable`; `config.*` for options
 * @example
 * const held = await holdFolder('runs/1')
 * await saveNetwork('runs/1/student', student)
 * await held.release()
 */
export async function holdFolder(folder: string, options: HoldFolderOptions = {}): Promise<HeldFolder> {
  const { force } = fillOptions('holdFolder', HOLD, options)
  const node = await nodeFiles('output.unwritable')
  const path = node.join(folder, LOCK)
  const token = node.randomBytes(6).toString('hex')
  const own: Holder = {
    ...(await ownProcess(node)),
    host: node.hostname(),
    hostId: await thisHost(node),
    boot: await bootOf(node),
    since: new Date().toISOString(),
    token,
  }
  try {
    await withFolderLock(folder, async () => {
      const found = await find(node, folder)
      if (found.life === 'running' || (found.life === 'unknown' && !force)) throw locked(folder, found)
      const staged = node.join(folder, await ownName('new'))
      try {
        await writeDurably(staged, `${JSON.stringify(own, null, 1)}\n`)
        await node.rename(staged, path)
      } finally {
        await discard(staged)
      }
    })
  } catch (error) {
    if (error instanceof GpdError) throw error
    const problem = `Cannot write '${path}': ${(error as Error).message}.`
    throw new GpdError('output.unwritable', problem, 'Choose a folder that can be written to.', { cause: error })
  }
  return {
    async release() {
      const { holder } = await find(node, folder).catch(() => ({ holder: undefined }))
      if (holder?.token === token) await node.rm(path, { force: true }).catch(() => undefined)
    },
  }
}
