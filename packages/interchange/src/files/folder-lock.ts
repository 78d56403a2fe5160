import { nodeFiles } from './node-modules.ts'
import { discard, isAbandoned, namesOf, ownName } from './owned-names.ts'

/** After this a process of another machine, which cannot be looked at, counts as gone. Moving files takes less. */
const FOREIGN_AGE = 30_000
const PATIENCE = 60_000

/** Of another length each time, so that two do not meet again and again. */
async function pause(): Promise<void> {
  const { randomBytes } = await nodeFiles('output.unwritable')
  await new Promise((done) => setTimeout(done, 5 + randomBytes(1)[0]! / 16))
}

/**
 * Runs `work` while no other process does so in this folder.
 *
 * Each process lays down a ticket with a name of its own, and goes on if no other living process has one; else it takes
 * its ticket back and tries again. Of two that come at once each sees the other's, so never both go on. Tickets of dead
 * processes may be removed by anyone: no name comes twice.
 */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const { join, rm, stat, writeFile, readdir } = await nodeFiles('output.unwritable')
  const own = await ownName('lock')
  const ticket = join(folder, own)
  const others = async (now?: number): Promise<string[]> => {
    const living: string[] = []
    for (const name of namesOf('lock', await readdir(folder))) {
      if (name === own) continue
      if (await isAbandoned(folder, name, FOREIGN_AGE, now)) await discard(join(folder, name))
      else living.push(name)
    }
    return living
  }
  const deadline = performance.now() + PATIENCE
  try {
    for (;;) {
      await writeFile(ticket, '', { flag: 'wx' })
      // The folder's own clock: that of another machine may be wrong.
      const found = await others((await stat(ticket)).mtimeMs)
      if (found.length === 0) return await work()
      await rm(ticket, { force: true })
      do {
        if (performance.now() > deadline)
          throw new Error(`another process has been writing there for a minute ('${found[0]}')`)
        await pause()
      } while ((await others()).length > 0)
    }
  } finally {
    await discard(ticket)
  }
}
