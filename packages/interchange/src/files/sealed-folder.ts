import { GpdError } from '@gpdjs/core'
import { readFileOf, writeFiles } from './atomic-folder.ts'
import { nodeFiles } from './node-modules.ts'
import { checkSealed, isRecord, sealedJson, unsealJson, type Json, type Unsealed } from './sealed-json.ts'

/** What a folder of one kind consists of: a JSON file, its index, and files of numbers that the index seals. */
export interface FolderFormat {
  /** What such a folder is called in messages, with the function that writes it. */
  readonly name: string
  readonly index: string
  /** Files that are part of it by their name. */
  readonly data: readonly string[]
  /** Whether JSON is the index of such a folder and not another's file of that name. */
  readonly isIndex: (json: Json) => boolean
  /** Folders of earlier versions have no index. */
  readonly indexIsNew?: boolean
}

/** Nothing where there is no such file. */
async function ifThere(folder: string, name: string): Promise<Uint8Array | undefined> {
  try {
    return await readFileOf(folder, name)
  } catch (error) {
    if (((error as GpdError).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
    throw error
  }
}

/** What a file holds as JSON; nothing where it is damaged. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

/** A file of ours that is damaged may be replaced; another's, of the same name, may not. */
async function checkOurs(folder: string, { name, index, data, isIndex, indexIsNew }: FolderFormat): Promise<void> {
  const refuse = (file: string) => {
    throw new GpdError(
      'output.unwritable',
      `Cannot write '${folder}': its ${file} is not that of ${name}.`,
      'Choose another folder, or move that file.',
    )
  }
  const found = await ifThere(folder, index)
  if (found !== undefined) {
    const json = jsonOf(found)
    if (json !== undefined && !(isRecord(json) && isIndex(json))) refuse(index)
  } else if (!indexIsNew) {
    for (const file of data) if ((await ifThere(folder, file)) !== undefined) refuse(file)
  }
}

/**
 * Writes a folder of this format, all or nothing. Other files in it stay.
 *
 * @throws GpdError `output.unwritable`
 */
export async function writeSealed(
  folder: string,
  format: FolderFormat,
  json: Json,
  data: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  await nodeFiles('output.unwritable') // where there is no Node it is the writing that fails, not a look for files
  const files = { ...data, [format.index]: await sealedJson(json, data) }
  await writeFiles(folder, files, (found) => checkOurs(found, format))
}

/** A folder that is open for reading. */
export interface SealedFolder extends Unsealed {
  /** A file of it, checked. */
  readonly read: (name: string) => Promise<Uint8Array>
}

const UNINDEXED: Unsealed = { json: {}, text: '{}', seals: undefined }
const ATTEMPTS = 20

/**
 * Reads a folder of this format as it was at one moment: where another process saves it meanwhile, reading begins again.
 *
 * @param use reads what it needs and makes nothing that would have to be freed before all is read
 * @throws GpdError `checkpoint.missing`; `checkpoint.corrupt` if a file is not as it was written; what `use` throws
 */
export async function readSealed<T>(
  folder: string,
  { index, indexIsNew }: FolderFormat,
  use: (opened: SealedFolder) => Promise<T>,
): Promise<T> {
  const readIndex = () => (indexIsNew ? ifThere(folder, index) : readFileOf(folder, index))
  for (let attempt = 1; ; attempt++) {
    const before = await readIndex()
    try {
      const opened = before ? await unsealJson(before, `${folder}/${index}`) : UNINDEXED
      const read = async (name: string) => {
        const bytes = await readFileOf(folder, name)
        if (opened.seals) await checkSealed(bytes, opened.seals.get(name), `${folder}/${name}`)
        return bytes
      }
      return await use({ ...opened, read })
    } catch (error) {
      const after = await readIndex()
      const isSame = before?.length === after?.length && (before ?? []).every((byte, i) => byte === after![i])
      if (isSame || attempt === ATTEMPTS) throw error
    }
  }
}
