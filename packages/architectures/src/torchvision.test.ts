import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { apply, useBackend } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { imagenetResnet } from './imagenet-resnet.ts'
import { goldenFiles, goldenNetwork, relativeGap } from './testing/golden.ts'
import { fromTorch, toTorch } from './torch.ts'

beforeAll(async () => {
  await useBackend('wasm')
})

describe.each(goldenFiles(/^torchvision_resnet(\d+)\.safetensors$/))('$name', ({ match, path }) => {
  const { state, inputShape, images, expected } = goldenNetwork(path)
  const network = imagenetResnet({ depth: Number(match[1]), classes: state.get('fc.bias')!.shape[0]!, inputShape })

  it('has torchvision’s parameters, no more and no less', () => {
    const { missing, unexpected } = fromTorch(network, state)
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] })
  })

  it.each(['eval', 'train'] as const)('gives torchvision’s logits in %s mode', (mode) => {
    const gap = tf.tidy(() => {
      const { parameters, statistics } = fromTorch(network, state)
      const { outputs } = apply({ network, parameters, statistics }, images(), { training: mode === 'train' })
      return relativeGap(outputs['logits']!, expected(`${mode}/logits`))
    })
    expect(gap).toBeLessThan(1e-4)
  })

  it('gives torchvision’s stage outputs', () => {
    const stages = [1, 2, 3, 4].map((stage) => `layer${stage}`)
    const gaps = tf.tidy(() => {
      const { parameters, statistics } = fromTorch(network, state)
      const { taps } = apply({ network, parameters, statistics }, images(), { training: false, taps: stages })
      return stages.map((stage) =>
        relativeGap(tf.mean(taps[stage]!, [1, 2]), expected(`eval/tap/${stage}/mean`)),
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
