// Placeholder until the storage layer of @gpdjs/interchange is merged.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { mapRecord, recordData, type TensorRecord } from '@gpdjs/core'
import { decodeSafetensors, encodeSafetensors, writeFolder } from '@gpdjs/interchange'
import type { Snapshot } from './snapshot.ts'

export async function saveCheckpoint(folder: string, { step, records, json }: Snapshot, _: { keep: number }) {
  const files: Record<string, Uint8Array | string> = { 'state.json': JSON.stringify(json) }
  for (const [name, record] of Object.entries(records)) {
    const data = await recordData(record)
    files[`${name}.safetensors`] = encodeSafetensors(
      mapRecord(record, ({ shape }, key) => ({ shape, data: data[key] as Float32Array })),
    )
  }
  await writeFolder(join(folder, `step-${String(step).padStart(8, '0')}`), files)
}

export async function loadCheckpoint(folder: string) {
  const names = await readdir(folder).catch(() => [])
  const last = names.sort().at(-1)
  if (last === undefined) return undefined
  const path = join(folder, last)
  const records: Record<string, TensorRecord> = {}
  for (const file of await readdir(path)) {
    if (!file.endsWith('.safetensors')) continue
    const { tensors } = decodeSafetensors(new Uint8Array(await readFile(join(path, file))), { source: file })
    records[file.slice(0, -12)] = Object.fromEntries(
      [...tensors].map(([name, { shape, data }]) => [
        name,
        tf.tensor(data as Float32Array, shape, data instanceof Int32Array ? 'int32' : 'float32'),
      ]),
    )
  }
  return {
    path,
    records,
    json: JSON.parse(await readFile(join(path, 'state.json'), 'utf8')) as unknown,
    warnings: [] as string[],
  }
}
