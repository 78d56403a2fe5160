import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeSafetensors } from '@gpdjs/interchange'
import type { Values } from './evaluate.ts'

export const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))

/** The package's own numbers, and those of the folder that the environment names. */
export const goldenFiles = [fixtures, process.env['GPD_GOLDEN_DIR']]
  .filter((folder) => folder !== undefined)
  .map((folder) => join(folder, 'losses.safetensors'))
  .filter((file) => existsSync(file))

/** The tensors of one case: those whose names begin with `<case>/<part>/`, under the rest of their names. */
export async function readGolden(file: string, name: string) {
  const { tensors } = decodeSafetensors(await readFile(file), { source: file })
  const part = (prefix: string): Readonly<Record<string, Values>> =>
    Object.fromEntries(
      [...tensors]
        .filter(([key]) => key.startsWith(`${name}/${prefix}`))
        .map(([key, { shape, data }]) => [
          key.slice(name.length + 1 + prefix.length),
          { shape, data: Array.from(data, Number) },
        ]),
    )
  return { part, loss: Number(tensors.get(`${name}/loss`)?.data[0]) }
}
