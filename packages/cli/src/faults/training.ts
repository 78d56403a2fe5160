/** A training as a process of the built command, and what is left of it. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startNode, type ProcessOptions, type Started } from '../testing/start-node.ts'
import { tinyConfig, writeConfig, writeTinyImages } from '../testing/tiny-images.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
if (!existsSync(PROGRAM)) throw new Error('Build the command first: npm run test:faults does.')

export const gpd = (args: readonly string[], options: ProcessOptions, flags: readonly string[] = []): Started =>
  startNode([...flags, PROGRAM, ...args], options)

/** Every part that has a state: momentum, schedule, augmentation, dynamic teacher, averages, several batches a step. */
const CONFIG = {
  ...tinyConfig,
  data: { ...tinyConfig.data, augment: { padding: 1 } },
  optimizer: { learningRate: { kind: 'cosine', start: 0.05 }, momentum: 0.9, clipGlobalNorm: 5 },
  dynamicTeacher: { ratio: 2, branches: 'orepa' },
  ema: {},
  batchSize: 8,
  accumulate: 2,
  epochs: 10,
  checkpoints: { steps: 3 },
  seed: 0,
}

/** Writes images and a configuration; returns its path. */
export async function writeTraining(folder: string, changes: object = {}): Promise<string> {
  await writeTinyImages(join(folder, 'images'))
  return writeConfig(folder, 'gpd.json', { ...CONFIG, ...changes })
}

const TIMED = ['samples-per-second', 'data-wait']

const untimed = (line: string): string =>
  JSON.stringify(JSON.parse(line), (key, value: unknown) => (TIMED.includes(key) ? undefined : value))

/** A digest of what a finished run has left: student, best, averages, the optimizer's memory, and metrics without times. */
export async function digestOf(run: string): Promise<string> {
  const hash = createHash('sha256')
  const add = async (path: string) => hash.update(path).update(await readFile(join(run, path)))
  for (const network of ['student', 'best', 'ema']) await add(`${network}/weights.safetensors`)
  const last = (await readdir(join(run, 'checkpoints')))
    .filter((name) => /^step-\d+$/.test(name))
    .sort()
    .at(-1)!
  const files = (await readdir(join(run, 'checkpoints', last))).filter((name) => name.endsWith('.safetensors')).sort()
  for (const file of files) await add(`checkpoints/${last}/${file}`)
  const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n')
  return hash.update(lines.map(untimed).join('\n')).digest('hex')
}

/** Names that exist only while something is written. */
export const leftovers = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => /\.gpd-|\.tmp|run\.lock/.test(name))
