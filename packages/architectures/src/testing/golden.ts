import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { decodeSafetensors, type TorchTensor } from '@gpdjs/interchange'

/**
 * The golden files of a name: the fixtures, and those of the folder that GPD_GOLDEN_DIR names.
 *
 * @param group `architectures` for forward passes, `gpd` for recorded runs
 */
export function goldenFiles(pattern: RegExp, group: 'architectures' | 'gpd' = 'architectures') {
  const own = fileURLToPath(new URL('../../fixtures', import.meta.url))
  const more = process.env['GPD_GOLDEN_DIR']
  const folders = more ? [own, join(more, group)] : [own]
  return folders.flatMap((folder) =>
    readdirSync(folder).flatMap((name) => {
      const match = pattern.exec(name)
      return match ? [{ name, match, path: join(folder, name) }] : []
    }),
  )
}

/** The numbers in a sentence of a file's metadata, in the places that `pattern` marks. */
function numbersIn(sentence: string | undefined, pattern: RegExp): number[] {
  const match = pattern.exec(sentence ?? '')
  if (match === null) throw new Error(`expected ${pattern}, got ${sentence}`)
  return match.slice(1).map(Number)
}

type Weights = (name: string, shape: readonly number[], j: number) => Float32Array

/** The closed form of the weights, with the constants that the file names: tensor j, flat index i. */
function closedForm(sentence: string | undefined): Weights {
  const [ofIndex = 0, ofTensor = 0, offset = 0, factor = 0] = numbersIn(
    sentence,
    /frac\(sin\(([\d.]+)\*i \+ ([\d.]+)\*j \+ ([\d.]+)\)\*([\d.]+)\) - 1/,
  )
  const [variance = 0, bias = 0, scale = 0, kernel = 0] = numbersIn(
    sentence,
    /running_var 1\+([\d.]+)\|s\|; running_mean and every bias ([\d.]+) s; other 1-D 1\+([\d.]+) s;.* everything else s\*sqrt\(([\d.]+)\/prod/,
  )
  const [embedding = 0] = numbersIn(sentence, /pos_embedding\/class_token ([\d.]+) s;/)
  const kindOf = (name: string, shape: readonly number[]): ((s: number) => number) => {
    if (/pos_embedding$|class_token$/.test(name)) return (s) => embedding * s
    if (name.endsWith('running_var')) return (s) => 1 + variance * Math.abs(s)
    if (name.endsWith('running_mean') || name.endsWith('bias')) return (s) => bias * s
    if (shape.length === 1) return (s) => 1 + scale * s
    const limit = Math.sqrt(kernel / sizeOf(shape.slice(1)))
    return (s) => s * limit
  }
  return (name, shape, j) => {
    const value = kindOf(name, shape)
    return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
      const z = Math.sin(ofIndex * i + ofTensor * j + offset) * factor
      return value(2 * (z - Math.floor(z)) - 1)
    })
  }
}

/** The weights of a golden file, by PyTorch's names. */
function stateDict(metadata: Readonly<Record<string, string>>): Map<string, TorchTensor> {
  const entries = JSON.parse(metadata['state_dict']!) as [string, number[]][]
  const weights = closedForm(metadata['weights'])
  return new Map(entries.map(([name, shape], j) => [name, { shape, data: weights(name, shape, j) }] as const))
}

/** `sin(a i + b)` over the flat index i of NHWC images, with the shape and numbers that the file names. */
function images(sentence: string | undefined): { shape: [number, number, number, number]; data: Float32Array } {
  const [n = 0, h = 0, w = 0, c = 0, a = 0, b = 0] = numbersIn(
    sentence,
    /^NHWC \[(\d+),(\d+),(\d+),(\d+)\], flat index i -> float32\(sin\(([\d.]+) i \+ ([\d.]+)\)\)$/,
  )
  return { shape: [n, h, w, c], data: Float32Array.from({ length: n * h * w * c }, (_, i) => Math.sin(a * i + b)) }
}

/** Largest difference relative to the largest number expected. */
export const relativeGap = (actual: tf.Tensor, expected: tf.Tensor) =>
  tf.tidy(() => tf.div(tf.max(tf.abs(tf.sub(actual, expected))), tf.max(tf.abs(expected))).dataSync()[0]!)

export interface GoldenNetwork {
  readonly state: ReadonlyMap<string, TorchTensor>
  /** Shape of one image. */
  readonly inputShape: readonly number[]
  readonly classes: number
  /** Keys of the numbers expected. */
  readonly keys: readonly string[]
  /** A new tensor with the images. */
  images(): tf.Tensor
  /** A new tensor with the numbers expected under a key. */
  expected(key: string): tf.Tensor
}

export function goldenNetwork(path: string): GoldenNetwork {
  const { tensors, metadata } = decodeSafetensors(readFileSync(path), { source: path })
  const input = images(metadata['input'])
  return {
    state: stateDict(metadata),
    inputShape: input.shape.slice(1),
    classes: tensors.get('eval/logits')!.shape.at(-1)!,
    keys: [...tensors.keys()],
    images: () => tf.tensor(input.data, input.shape),
    expected: (key) => tf.tensor(tensors.get(key)!.data as Float32Array, [...tensors.get(key)!.shape]),
  }
}
