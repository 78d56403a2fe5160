import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomStream } from '@gpdjs/core'
import { mnistFiles, writeIdx } from '@gpdjs/data/node'
import { afterAll } from 'vitest'
import type { ConfigInput } from '../config/schema.ts'

/** A folder that is gone after the tests of a file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gpd-cli-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}

interface TinyOptions {
  readonly classes?: number
  readonly size?: number
  readonly trainImages?: number
  readonly testImages?: number
}

/** Four IDX files of small images whose class is how bright they are, with noise. */
export async function writeTinyImages(folder: string, options: TinyOptions = {}): Promise<string> {
  const { classes = 3, size = 8, trainImages = 64, testImages = 24 } = options
  await mkdir(folder, { recursive: true })
  for (const [part, count] of [
    ['train', trainImages],
    ['test', testImages],
  ] as const) {
    const stream = randomStream(1, 'tiny-images', part)
    const labels = Uint8Array.from({ length: count }, (_, i) => i % classes)
    const data = Uint8Array.from(
      { length: count * size ** 2 },
      (_, i) => 20 + (180 / classes) * labels[Math.floor(i / size ** 2)]! + 50 * stream.uniform(),
    )
    await writeIdx(join(folder, mnistFiles[part].images), { dims: [count, size, size], data })
    await writeIdx(join(folder, mnistFiles[part].labels), { dims: [count], data: labels })
  }
  return folder
}

/** A run of a second; `directory` is relative to the folder of the configuration. */
export const tinyConfig = {
  student: { network: 'resnet8', width: 2 },
  data: { directory: 'images', classes: 3, validation: 16 },
  optimizer: { learningRate: 0.05 },
  epochs: 1,
  batchSize: 16,
  backend: 'wasm',
} as const satisfies ConfigInput

/** Writes a value as a JSON file and returns its path. */
export async function writeConfig(folder: string, name: string, value: unknown): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, JSON.stringify(value))
  return path
}
