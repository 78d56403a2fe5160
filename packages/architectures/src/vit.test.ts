import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { apply, useBackend } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { goldenFiles, goldenNetwork, relativeGap } from './testing/golden.ts'
import { fromTorch } from './torch.ts'
import { vit } from './vit.ts'

beforeAll(async () => {
  await useBackend('wasm')
})
describe.each(goldenFiles(/^torchvision_vit_\w+\.safetensors$/))('$name', ({ path }) => {
  const { state, inputShape, images, expected } = goldenNetwork(path)
  it.each([1, 2, 4, 8, 16])('h %i', (heads) => {
    const network = vit({ classes: 10, inputShape, patchSize: 8, depth: 3, width: 32, heads, mlpWidth: 64 })
    const r = fromTorch(network, state)
    console.log(r.missing, r.unexpected)
    for (const mode of ['eval', 'train']) {
      const { logits } = apply(network, r.parameters, r.statistics, images(), { training: mode === 'train' })
      console.log(heads, mode, relativeGap(logits, expected(`${mode}/logits`)))
    }
  })
})
