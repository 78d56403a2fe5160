import { readFileOf } from './atomic-folder.ts'
import { nodeFiles } from './node-modules.ts'
import { STATE_FOLDER } from './saved-state.ts'
import { unsealJson } from './sealed-json.ts'

/** A checkpoint in a directory of them. */
export interface Checkpoint {
  /** Steps that had been made. */
  readonly step: number
  readonly folder: string
}

const PATTERN = /^step-(\d{8,15})$/

/** `step-00012345` */
export const folderName = (step: number): string => `step-${String(step).padStart(8, '0')}`

/**
 * The checkpoints of a directory, the newest first; none where it does not exist. They are not opened: whether one is whole
 * `loadCheckpoint` finds out.
 */
export async function listCheckpoints(directory: string): Promise<Checkpoint[]> {
  const { join, readdir, stat } = await nodeFiles('checkpoint.missing')
  const isState = async (folder: string) =>
    (await stat(join(folder, STATE_FOLDER.index)).catch(() => undefined)) !== undefined
  const found: Checkpoint[] = []
  for (const name of await readdir(directory).catch(() => [])) {
    const step = PATTERN.exec(name)?.[1]
    const folder = join(directory, name)
    if (step !== undefined && (await isState(folder))) found.push({ step: Number(step), folder })
  }
  return found.sort((a, b) => b.step - a.step)
}

/** Whether its manifest is whole, and the files have the sizes it names: a look that costs nothing beside a save. */
export async function looksWhole({ folder }: Checkpoint): Promise<boolean> {
  const { join, stat } = await nodeFiles('checkpoint.missing')
  try {
    const { seals } = await unsealJson(await readFileOf(folder, STATE_FOLDER.index), folder)
    for (const [name, { bytes }] of seals ?? []) if ((await stat(join(folder, name))).size !== bytes) return false
    return seals !== undefined
  } catch {
    return false
  }
}

/** Whether only files that a checkpoint has are in the folder: what a user has put there is not ours to remove. */
export async function holdsNothingElse({ folder }: Checkpoint): Promise<boolean> {
  const { readdir } = await nodeFiles('checkpoint.missing')
  const names = await readdir(folder).catch(() => ['?'])
  return names.every((name) => name.endsWith('.safetensors') || name === 'state.json' || name === STATE_FOLDER.index)
}
