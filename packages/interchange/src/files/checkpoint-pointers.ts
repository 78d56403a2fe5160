import { GpdError } from '@gpdjs/core'
import { readFileOf, writeFiles } from './atomic-folder.ts'
import { folderName, listCheckpoints, type Checkpoint } from './checkpoint-folders.ts'
import { nodeFiles } from './node-modules.ts'
import { isRecord } from './sealed-json.ts'

/** `best.json` in the directory: `{ "checkpoint": "step-00000120" }` */
const SUFFIX = '.json'
const isName = (name: unknown): name is string => typeof name === 'string' && /^[a-z][a-z0-9-]{0,63}$/.test(name)

function checkName(name: string): void {
  if (isName(name)) return
  const problem = `Expected small letters, digits and hyphens as name of a pointer, got ${JSON.stringify(name)}.`
  throw new GpdError('config.invalid', problem, "Call it 'best', for example.")
}

/** The step that a pointer's file names; nothing if it is no pointer, damaged or not there. */
async function stepIn(directory: string, file: string): Promise<number | undefined> {
  try {
    const json = JSON.parse(new TextDecoder().decode(await readFileOf(directory, file))) as unknown
    const step = isRecord(json) ? /^step-(\d+)$/.exec(String(json['checkpoint']))?.[1] : undefined
    return step === undefined ? undefined : Number(step)
  } catch {
    return undefined
  }
}

/** Steps that pointers of the directory name. */
export async function pointedTo(directory: string): Promise<number[]> {
  const { readdir } = await nodeFiles('checkpoint.missing')
  const files = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(SUFFIX))
  const steps = await Promise.all(files.map((file) => stepIn(directory, file)))
  return steps.filter((step) => step !== undefined)
}

/**
 * Points to a checkpoint by a name, such as `best`, in one step: whoever reads gets the old one or the new. A checkpoint is
 * kept as long as a pointer names it.
 *
 * @throws GpdError `checkpoint.missing` if there is no checkpoint of that step; `output.unwritable`; `config.invalid` for a
 *   name that is none
 * @example await pointToCheckpoint('runs/1/checkpoints', 'best', 120)
 */
export async function pointToCheckpoint(directory: string, name: string, step: number): Promise<void> {
  checkName(name)
  if (!(await listCheckpoints(directory)).some((checkpoint) => checkpoint.step === step))
    throw new GpdError('checkpoint.missing', `${directory}: there is no checkpoint of step ${step}.`)
  const file = `${name}${SUFFIX}`
  const text = `${JSON.stringify({ checkpoint: folderName(step) })}\n`
  await writeFiles(directory, { [file]: text }, async (folder) => {
    const { join, stat } = await nodeFiles('output.unwritable')
    const found = await stat(join(folder, file)).catch(() => undefined)
    if (!found || found.size === 0 || (await stepIn(folder, file)) !== undefined) return
    const problem = `Cannot write '${join(directory, file)}': it is there already, and is no pointer.`
    throw new GpdError('output.unwritable', problem, 'Take another name, or move that file.')
  })
}

/**
 * The checkpoint that a pointer names; nothing if there is no such pointer, or the checkpoint is gone.
 *
 * @throws GpdError `config.invalid` for a name that is none
 * @example const best = await pointedCheckpoint('runs/1/checkpoints', 'best') // { step: 120, folder: '…/step-00000120' }
 */
export async function pointedCheckpoint(directory: string, name: string): Promise<Checkpoint | undefined> {
  checkName(name)
  const step = await stepIn(directory, `${name}${SUFFIX}`)
  return (await listCheckpoints(directory)).find((checkpoint) => checkpoint.step === step)
}
