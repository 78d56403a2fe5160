import { join } from 'node:path'
import { saveHeads, saveNetwork } from '@gpdjs/interchange'
import { isGpdError } from '@gpdjs/core'
import type { DistillResult } from '@gpdjs/trainer'
import type { Prepared } from '../config/prepare.ts'
import { RUN } from '../run-folder.ts'
import { classNamesMetadata, momentsMetadata } from '../saved/metadata.ts'
import { givesFinite, type FiniteState } from './finite-state.ts'

/** Something of a run that could not be written. */
export interface Missing {
  /** Its name in the folder of the run. */
  readonly name: string
  readonly why: string
}

/** The message of what went wrong in the first place. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? reasonOf(error.cause) : (error as Error).message

/** Runs `write`; where it fails for the disk, that is told instead of thrown. */
export async function attempt(name: string, write: () => Promise<void>): Promise<Missing[]> {
  try {
    await write()
    return []
  } catch (error) {
    if (!isGpdError(error) || error.code !== 'output.unwritable') throw error
    return [{ name, why: reasonOf(error) }]
  }
}

function metadataOf(result: DistillResult, { config, data }: Prepared): Readonly<Record<string, string>> {
  return {
    network: config.student.network,
    seed: String(config.seed),
    steps: String(result.steps),
    ...momentsMetadata(data.moments),
    ...classNamesMetadata(config.data.classNames),
  }
}

/** Saves what a run has trained, each part by itself: what can be saved is. Networks whose outputs are not finite are not. */
export async function saveNetworks(
  folder: string,
  { result, kept }: FiniteState,
  prepared: Prepared,
): Promise<Missing[]> {
  const { student, best, alternatives, heads } = result
  const metadata = metadataOf(result, prepared)
  const missing: Missing[] = []
  const save = async (name: string, write: (path: string) => Promise<void>) =>
    void missing.push(...(await attempt(name, () => write(join(folder, name)))))
  if (kept !== 'none') await save(RUN.student, (path) => saveNetwork(path, student, metadata))
  if (best && (kept === 'last' || (await givesFinite(best.student, prepared))))
    await save(RUN.best, (path) => saveNetwork(path, best.student, { ...metadata, epoch: String(best.epoch) }))
  if (kept === 'none') return missing
  for (const [name, network] of Object.entries(alternatives))
    await save(name, (path) => saveNetwork(path, network, metadata))
  if (Object.keys(heads).length > 0) await save(RUN.heads, (path) => saveHeads(path, heads))
  return missing
}
