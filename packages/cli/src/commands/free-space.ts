import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { GpdError } from '@gpdjs/core'
import { listCheckpoints } from '@gpdjs/interchange'
import type { Callbacks, Snapshot } from '@gpdjs/trainer'

const bytesOf = ({ records }: Snapshot): number =>
  Object.values(records)
    .flatMap((record) => Object.values(record))
    .reduce((sum, { size }) => sum + 4 * size, 0)

/** The one being written, beside two that are kept. */
const NEEDED = 3

async function existing(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found ? path : existing(dirname(path))
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/**
 * Callbacks that refuse to begin a training whose checkpoints will not fit. Space that is kept for the system's user counts as
 * free, so that nothing is refused that would have fitted.
 *
 * @param folder of the run
 * @param checkpoints those that are there already take no more room
 */
export const spaceCheck = (folder: string, checkpoints: string): Callbacks => ({
  async onTrainBegin(_, run) {
    const disk = await existing(folder)
      .then((path) => statfs(path))
      .catch(() => undefined)
    if (disk === undefined || disk.blocks === 0) return
    const count = Math.max(1, NEEDED - (await listCheckpoints(checkpoints)).length)
    const [free, needed] = [disk.bfree * disk.bsize, count * bytesOf(await run.snapshot())]
    if (free >= needed) return
    throw new GpdError(
      'output.unwritable',
      `'${folder}': expected room for ${count} more checkpoints, ${megabytes(needed)}, found ${megabytes(free)} free.`,
      'Free some space, choose another --output, or save none (--save-every off).',
    )
  },
})
