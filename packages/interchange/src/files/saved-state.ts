import type * as tf from '@tensorflow/tfjs'
import { GpdError, type TensorRecord } from '@gpdjs/core'
import { parseExact, stringifyExact, type Plain } from './exact-json.ts'
import { readSealed, writeSealed, type FolderFormat } from './sealed-folder.ts'
import { corrupt, isRecord, type Json } from './sealed-json.ts'
import { decodeTensors, emptyRecord, encodeTensors, makeTensors, type ReadTensors } from './tensor-files.ts'

const FORMAT = 'gpd-state'
const VERSION = 1
const STATE = 'state.json'

/** Of a state; the files of its records have names of their own. */
export const STATE_FOLDER: FolderFormat = {
  name: 'a saved state (saveState)',
  index: 'manifest.json',
  data: [STATE],
  isIndex: ({ format }) => format === FORMAT,
}

/** Tensors by record and name, and what else belongs to them. */
export interface State<T extends TensorRecord = TensorRecord> {
  readonly records: Readonly<Record<string, T>>
  readonly state: Plain
}

interface RecordFile {
  readonly name: string
  readonly file: string
}

/** Plain names are those of files too; others, which a file system may refuse or confuse, are counted. */
const fileOf = (name: string, i: number) => `${/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name) ? name : `_${i}`}.safetensors`

/**
 * Saves records of tensors and a value of JSON as a folder, all or nothing: a safetensors file for each record,
 * `state.json`, and `manifest.json` with the size and the SHA-256 of each. Other files of the folder stay.
 *
 * @param records float32, int32 and bool; their values are those at the time of the call
 * @param state numbers, texts, lists and plain objects; NaN, infinities and -0 come back as they were
 * @throws GpdError `output.unwritable`; `checkpoint.incompatible` for tensors of other types, `config.invalid` for other
 *   values
 * @example await saveState('state', { student: parameters, slots }, { step: 120, best: -Infinity })
 */
export async function saveState(
  folder: string,
  records: Readonly<Record<string, TensorRecord>>,
  state: Plain = {},
): Promise<void> {
  const text = new TextEncoder().encode(stringifyExact(state, 'saveState: state'))
  const files = Object.entries(records).map(([name, record], i) => ({ name, record, file: fileOf(name, i) }))
  const data = await Promise.all(files.map(async ({ file, record }) => [file, await encodeTensors(record)] as const))
  const index = { format: FORMAT, version: VERSION, records: files.map(({ name, file }) => ({ name, file })) }
  await writeSealed(folder, STATE_FOLDER, index, { ...Object.fromEntries(data), [STATE]: text })
}

const isRecordFile = (value: unknown): value is RecordFile =>
  isRecord(value) && typeof value['name'] === 'string' && typeof value['file'] === 'string'

function recordFiles(json: Json, source: string): readonly RecordFile[] {
  const { format, version, records } = json
  if (format !== FORMAT || typeof version !== 'number' || !Array.isArray(records) || !records.every(isRecordFile))
    throw corrupt(source, 'expected the manifest of a saved state')
  if (new Set(records.map(({ name }) => name)).size < records.length)
    throw corrupt(source, 'expected each record once, found a name twice')
  if (version <= VERSION) return records
  const problem = `${source}: expected version ${VERSION} of the format or an earlier one, got ${version}.`
  throw new GpdError('checkpoint.incompatible', problem, 'Use the version of @gpdjs/interchange that wrote it.')
}

function parseState(bytes: Uint8Array, source: string): Plain {
  try {
    return parseExact(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw corrupt(source, `expected JSON, ${(error as Error).message}`, error)
  }
}

/**
 * Loads what `saveState` saved. Every file is checked before the first tensor is made.
 *
 * @returns the caller owns the tensors
 * @throws GpdError `checkpoint.missing`; `checkpoint.corrupt`, also for one changed bit, naming the file;
 *   `checkpoint.incompatible` for a later version of the format, naming both
 * @example const { records, state } = await loadState('state')
 */
export async function loadState(folder: string): Promise<State<Record<string, tf.Tensor>>> {
  const { read, state } = await readSealed(folder, STATE_FOLDER, async ({ json, seals, read: readFile }) => {
    const source = `${folder}/${STATE_FOLDER.index}`
    const files = recordFiles(json, source)
    if (seals === undefined) throw corrupt(source, 'expected the digests of the files')
    const found: [string, ReadTensors][] = []
    for (const { name, file } of files) found.push([name, decodeTensors(await readFile(file), `${folder}/${file}`)])
    return { read: found, state: parseState(await readFile(STATE), `${folder}/${STATE}`) }
  })
  const records = emptyRecord<Record<string, tf.Tensor>>()
  for (const [name, tensors] of read) records[name] = makeTensors(tensors)
  return { records, state }
}
