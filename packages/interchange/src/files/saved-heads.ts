import * as tf from '@tensorflow/tfjs'
import { GpdError, type TensorRecord } from '@gpdjs/core'
import type { SafeTensor } from '../safetensors/element-types.ts'
import { decodeSafetensors } from '../safetensors/decode.ts'
import { readSealed, writeSealed, type FolderFormat } from './sealed-folder.ts'
import { emptyRecord, encodeTensors } from './tensor-files.ts'

const FILE = 'heads.safetensors'

const HEADS: FolderFormat = {
  name: 'saved heads (saveHeads)',
  index: 'heads.json',
  data: [FILE],
  isIndex: ({ format }) => format === 'gpd-heads',
  indexIsNew: true,
}

/** What losses trained beside the student, by the name of the loss's term: `vid(student, static-teacher)`. */
export type Heads = Readonly<Record<string, TensorRecord>>

/**
 * Saves the heads of a run's losses, all or nothing: `heads.safetensors`, and `heads.json` with its digest. Other files
 * of the folder stay, so it may be the folder of the run.
 *
 * @throws GpdError `output.unwritable`
 * @example await saveHeads('runs/1/heads', run.heads)
 */
export async function saveHeads(folder: string, heads: Heads): Promise<void> {
  const entries = Object.entries(heads).flatMap(([term, tensors]) =>
    Object.entries(tensors).map(([name, tensor]) => [`${term}/${name}`, tensor] as const),
  )
  const bytes = await encodeTensors(Object.fromEntries(entries))
  await writeSealed(folder, HEADS, { format: 'gpd-heads' }, { [FILE]: bytes })
}

/** `[term, head, tensor]`, everything checked. */
function parseEntry(source: string, key: string, { dtype, shape, data }: SafeTensor) {
  const at = key.lastIndexOf('/')
  if (at <= 0 || !(data instanceof Float32Array)) {
    const problem = `${source}: expected heads '<loss>/<name>' of type F32, got '${key}' of type ${dtype}.`
    throw new GpdError('checkpoint.incompatible', problem, 'Use a folder that saveHeads has written.')
  }
  return { term: key.slice(0, at), name: key.slice(at + 1), shape, data }
}

/**
 * Loads what `saveHeads` saved, for the option `heads` of `distill`.
 *
 * @returns the caller owns the tensors
 * @throws GpdError `checkpoint.missing`, `checkpoint.corrupt`, `checkpoint.incompatible`
 */
export async function loadHeads(folder: string): Promise<Record<string, Record<string, tf.Tensor>>> {
  const source = `${folder}/${FILE}`
  const { tensors } = await readSealed(folder, HEADS, async ({ read }) =>
    decodeSafetensors(await read(FILE), { source }),
  )
  const entries = [...tensors].map(([key, tensor]) => parseEntry(source, key, tensor))
  const heads = emptyRecord<Record<string, tf.Tensor>>()
  for (const { term, name, shape, data } of entries) (heads[term] ??= emptyRecord())[name] = tf.tensor(data, shape)
  return heads
}
