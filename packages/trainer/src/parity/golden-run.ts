import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { decodeSafetensors } from '@gpdjs/interchange'

/** One recorded training run of the authors' code (PyTorch names and layouts). */
export interface GoldenRun {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
  has(key: string): boolean
  keys(prefix: string): string[]
  /** A fresh tensor as it was recorded. */
  tensor(key: string): tf.Tensor
}

function readRun(path: string): GoldenRun {
  const { tensors, metadata } = decodeSafetensors(readFileSync(path), { source: path })
  return {
    name: basename(path, '.safetensors'),
    settings: metadata,
    has: (key) => tensors.has(key),
    keys: (prefix) =>
      [...tensors.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)),
    tensor(key) {
      const found = tensors.get(key)
      if (!found) throw new Error(`${path}: no '${key}'`)
      return tf.tensor(found.data as Float32Array, [...found.shape], found.dtype === 'I32' ? 'int32' : 'float32')
    },
  }
}

/** Every run of the fixture folder, and of `GPD_GOLDEN_DIR/gpd` if that is set. */
export function goldenRuns(pattern: RegExp): GoldenRun[] {
  const own = fileURLToPath(new URL('../../fixtures/gpd', import.meta.url))
  const more = process.env['GPD_GOLDEN_DIR']
  const folders = more ? [own, join(more, 'gpd')] : [own]
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.safetensors') && pattern.test(file))
      .map((file) => readRun(join(folder, file))),
  )
}
