import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { apply, decodeSafetensors, useBackend } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { imagenetResnet } from './imagenet-resnet.ts'
import { fromTorch, toTorch, type TorchTensor } from './torch.ts'

const PATTERN = /^torchvision_resnet(\d+)\.safetensors$/

function goldenFiles(): { name: string; depth: number; path: string }[] {
  const own = fileURLToPath(new URL('../fixtures', import.meta.url))
  const more = process.env['GPD_GOLDEN_DIR']
  const folders = more ? [own, join(more, 'architectures')] : [own]
  return folders.flatMap((folder) =>
    readdirSync(folder).flatMap((name) => {
      const depth = PATTERN.exec(name)?.[1]
      return depth ? [{ name, depth: Number(depth), path: join(folder, name) }] : []
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
  const kindOf = (name: string, shape: readonly number[]): ((s: number) => number) => {
    if (name.endsWith('running_var')) return (s) => 1 + variance * Math.abs(s)
    if (name.endsWith('running_mean') || name.endsWith('bias')) return (s) => bias * s
    if (shape.length === 1) return (s) => 1 + scale * s
    const limit = Math.sqrt(kernel / shape.slice(1).reduce((a, b) => a * b, 1))
    return (s) => s * limit
  }
  return (name, shape, j) => {
    const value = kindOf(name, shape)
    return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
      const z = Math.sin(ofIndex * i + ofTensor * j + offset) * factor
      return value(2 * (z - Math.floor(z)) - 1)
    })
  }
}

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
const relativeGap = (actual: tf.Tensor, expected: tf.Tensor) =>
  tf.tidy(() => tf.div(tf.max(tf.abs(tf.sub(actual, expected))), tf.max(tf.abs(expected))).dataSync()[0]!)

beforeAll(async () => {
  await useBackend('wasm')
})

describe.each(goldenFiles())('$name', ({ depth, path }) => {
  const { tensors, metadata } = decodeSafetensors(readFileSync(path), { source: path })
  const golden = (key: string) => tf.tensor(tensors.get(key)!.data as Float32Array, [...tensors.get(key)!.shape])
  const state = stateDict(metadata)
  const input = images(metadata['input'])
  const network = imagenetResnet({ depth, classes: state.get('fc.bias')!.shape[0]!, inputShape: input.shape.slice(1) })
  const x = () => tf.tensor(input.data, input.shape)

  it('has torchvision’s parameters, no more and no less', () => {
    const { missing, unexpected } = fromTorch(network, state)
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] })
  })

  it.each(['eval', 'train'] as const)('gives torchvision’s logits in %s mode', (mode) => {
    const gap = tf.tidy(() => {
      const { parameters, statistics } = fromTorch(network, state)
      const { logits } = apply(network, parameters, statistics, x(), { training: mode === 'train' })
      return relativeGap(logits, golden(`${mode}/logits`))
    })
    expect(gap).toBeLessThan(1e-4)
  })

  it('gives torchvision’s stage outputs', () => {
    const stages = [1, 2, 3, 4].map((stage) => `layer${stage}`)
    const gaps = tf.tidy(() => {
      const { parameters, statistics } = fromTorch(network, state)
      const { taps } = apply(network, parameters, statistics, x(), { training: false, taps: stages })
      return stages.map((stage) =>
        relativeGap(tf.mean(taps[stage]!, [1, 2]), golden(`eval/tap/${stage}/mean`)),
      ) as never
    }) as unknown as number[]
    for (const gap of gaps) expect(gap).toBeLessThan(1e-4)
  })

  it('comes back as the same state dict', async () => {
    const { parameters, statistics } = fromTorch(network, state)
    const back = await toTorch(network, { ...parameters, ...statistics })
    expect([...back.keys()].sort()).toEqual([...state.keys()].sort())
    for (const name of ['conv1.weight', 'layer2.0.downsample.0.weight', 'fc.weight', 'fc.bias', 'bn1.running_var']) {
      expect(back.get(name)!.shape).toEqual(state.get(name)!.shape)
      expect(back.get(name)!.data).toEqual(state.get(name)!.data)
    }
    tf.dispose([parameters, statistics])
  })
})
