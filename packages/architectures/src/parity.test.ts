import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import { apply, type Network } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { convnext } from './convnext.ts'
import { deit } from './deit.ts'
import { imagenetVgg } from './imagenet-vgg.ts'
import { mlpMixer } from './mlp-mixer.ts'
import { mobilenetV2 } from './mobilenet-v2.ts'
import { shufflenetV2 } from './shufflenet-v2.ts'
import { goldenFiles, goldenNetwork, relativeGap } from './testing/golden.ts'
import { decodeSafetensors, encodeSafetensors, fromTorch, toTorch, type TorchNames } from '@gpdjs/interchange'
import { vgg } from './vgg.ts'
import { vit } from './vit.ts'
import { wideResnet } from './wide-resnet.ts'

beforeAll(async () => {
  await useBackend('wasm')
})

interface Sizes {
  readonly classes: number
  readonly inputShape: readonly number[]
}

interface Case {
  /** Matches the file. */
  readonly file: RegExp
  readonly build: (sizes: Sizes, match: RegExpExecArray) => Network
  /** The library whose parameter names the file has, where they are not the network's own. */
  readonly names?: TorchNames
}

const TRANSFORMER = { patchSize: 8, depth: 2, width: 32, heads: 4 }
const CONVNEXT = { width: 16, blocks: [1, 1, 2, 1] }

const cases: readonly Case[] = [
  {
    file: /^torchvision_mobilenet_v2(?:_x([\d.]+))?\.safetensors$/,
    build: (sizes, [, multiplier = '1']) => mobilenetV2({ ...sizes, widthMultiplier: Number(multiplier) }),
  },
  { file: /^torchvision_shufflenet_v2_x0_5\.safetensors$/, build: (sizes) => shufflenetV2({ ...sizes, width: 48 }) },
  { file: /^torchvision_shufflenet_v2_x1_0\.safetensors$/, build: (sizes) => shufflenetV2(sizes) },
  {
    file: /^torchvision_vgg(\d+)(_bn)?_small\.safetensors$/,
    build: (sizes, [, depth, norms]) =>
      imagenetVgg({ ...sizes, depth: Number(depth), batchNorm: norms !== undefined, width: 8 }),
  },
  {
    file: /^timm_mobilenet_v2_x([\d.]+)\.safetensors$/,
    build: (sizes, [, multiplier]) => mobilenetV2({ ...sizes, widthMultiplier: Number(multiplier) }),
    names: 'timm',
  },
  {
    file: /^timm_vgg11_small\.safetensors$/,
    build: (sizes) => imagenetVgg({ ...sizes, depth: 11, batchNorm: false, width: 8 }),
    names: 'timm',
  },
  {
    file: /^torchvision_convnext_small\.safetensors$/,
    build: (sizes) => convnext({ ...sizes, ...CONVNEXT }),
    names: 'torchvision',
  },
  { file: /^timm_convnext_small\.safetensors$/, build: (sizes) => convnext({ ...sizes, ...CONVNEXT }) },
  { file: /^timm_vit_small\.safetensors$/, build: (sizes) => vit({ ...sizes, ...TRANSFORMER }), names: 'timm' },
  { file: /^timm_vit_small\.safetensors$/, build: (sizes) => deit({ ...sizes, ...TRANSFORMER }) },
  {
    file: /^timm_deit_distilled_small\.safetensors$/,
    build: (sizes) => deit({ ...sizes, ...TRANSFORMER, distilled: true }),
  },
  {
    file: /^timm_mixer_small\.safetensors$/,
    build: (sizes) => mlpMixer({ ...sizes, patchSize: 8, depth: 2, width: 32 }),
  },
  {
    file: /^paper_wrn_(\d+)_(\d+)\.safetensors$/,
    build: (sizes, [, depth, widen]) => wideResnet({ ...sizes, depth: Number(depth), widen: Number(widen) }),
  },
  {
    file: /^paper_vgg(8|13)\.safetensors$/,
    build: (sizes, [, depth]) => vgg({ ...sizes, blocks: Array.from({ length: 5 }, () => (depth === '8' ? 1 : 2)) }),
  },
]

const files = cases.flatMap(({ file, build, names }) =>
  goldenFiles(file).map((found) => ({
    ...found,
    build,
    names,
    title: names ? `${found.name}, read with ${names}’s names` : found.name,
  })),
)

it('finds a file for every case', () => {
  for (const { file } of cases) expect(goldenFiles(file).length, String(file)).toBeGreaterThan(0)
})

describe.each(files)('$title', ({ path, build, match, names }) => {
  const golden = goldenNetwork(path)
  const { state, images, expected } = golden
  const network = build({ classes: golden.classes, inputShape: golden.inputShape }, match)
  const options = names === undefined ? {} : { names }
  const stages = golden.keys.flatMap((key) => /^eval\/tap\/(.+)\/mean$/.exec(key)?.[1] ?? [])

  it('has the parameters of the reference, no more and no less', () => {
    const { missing, unexpected } = fromTorch(network, state, options)
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] })
  })

  it.each(['eval', 'train'] as const)('gives the logits of the reference in %s mode', (mode) => {
    const gap = tf.tidy(() => {
      const { parameters, statistics } = fromTorch(network, state, options)
      const { outputs } = apply({ network, parameters, statistics }, images(), { training: mode === 'train' })
      return relativeGap(outputs['logits']!, expected(`${mode}/logits`))
    })
    expect(gap).toBeLessThan(1e-4)
  })

  const stagesIt = stages.length > 0 ? it : undefined
  stagesIt?.('gives the stage outputs of the reference', () => {
    const gaps = tf.tidy(() => {
      const { parameters, statistics } = fromTorch(network, state, options)
      const { taps } = apply({ network, parameters, statistics }, images(), { training: false, taps: stages })
      return stages.map((stage) =>
        relativeGap(tf.mean(taps[stage]!, [1, 2]), expected(`eval/tap/${stage}/mean`)),
      ) as never
    }) as unknown as number[]
    for (const gap of gaps) expect(gap).toBeLessThan(1e-4)
  })

  it('comes back through a file as the same state dict, number for number', async () => {
    const { parameters, statistics } = fromTorch(network, state, options)
    const written = encodeSafetensors(
      Object.fromEntries(await toTorch(network, { ...parameters, ...statistics }, options)),
    )
    tf.dispose([parameters, statistics])
    const back = decodeSafetensors(written, { source: 'written' }).tensors
    expect([...back.keys()].sort()).toEqual([...state.keys()].sort())
    for (const [name, { shape, data }] of state) {
      expect(back.get(name)!.shape, name).toEqual([...shape])
      expect(Buffer.compare(bytesOf(back.get(name)!.data), bytesOf(data)), name).toBe(0)
    }
  })
})

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
