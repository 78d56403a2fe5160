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

/** `frac(sin(12.9898 i + 78.233 j + 1) · 43758.5453)` in [-1, 1), as the golden files describe. */
function closedForm(i: number, j: number): number {
  const z = Math.sin(12.9898 * i + 78.233 * j + 1) * 43758.5453
  return 2 * (z - Math.floor(z)) - 1
}

function weightOf(name: string, shape: readonly number[], s: number): number {
  if (name.endsWith('running_var')) return 1 + 0.2 * Math.abs(s)
  if (name.endsWith('running_mean') || name.endsWith('bias')) return 0.1 * s
  if (shape.length === 1) return 1 + 0.1 * s
  return s * Math.sqrt(3 / shape.slice(1).reduce((a, b) => a * b, 1))
}

function stateDict(entries: readonly (readonly [string, readonly number[]])[]): Map<string, TorchTensor> {
  return new Map(
    entries.map(([name, shape], j) => {
      const size = shape.reduce((a, b) => a * b, 1)
      return [name, { shape, data: Float32Array.from({ length: size }, (_, i) => weightOf(name, shape, closedForm(i, j))) }] as const
    }),
  )
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
  const network = imagenetResnet({ depth, classes: 10, inputShape: [64, 64, 3] })
  const state = stateDict(JSON.parse(metadata['state_dict']!) as [string, number[]][])
  const x = () => tf.tensor(Float32Array.from({ length: 2 * 64 * 64 * 3 }, (_, i) => Math.sin(0.13 * i + 0.4)), [2, 64, 64, 3])

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
      return stages.map((stage) => relativeGap(tf.mean(taps[stage]!, [1, 2]), golden(`eval/tap/${stage}/mean`))) as never
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
