import { expect, it } from 'vitest'
import { cifarResnet } from './cifar-resnet.ts'
import { listTaps } from './taps.ts'
import { vit } from './vit.ts'

it('lists the taps of a convolutional network: maps and a vector', () =>
  expect(listTaps(cifarResnet({ blocks: [1, 1], width: 2, classes: 3, inputShape: [8, 6, 1] }))).toEqual([
    { name: 'layer1', shape: [8, 6, 2], kind: 'map' },
    { name: 'layer1.preactivation', shape: [8, 6, 2], kind: 'map' },
    { name: 'layer2', shape: [4, 3, 4], kind: 'map' },
    { name: 'layer2.preactivation', shape: [4, 3, 4], kind: 'map' },
    { name: 'pool', shape: [4], kind: 'vector' },
  ]))

it('lists the taps of a transformer: tokens and a vector', () => {
  const taps = listTaps(vit({ classes: 3, inputShape: [8, 8, 3], patchSize: 4, depth: 1, width: 6, heads: 2 }))
  expect(taps).toContainEqual({ name: 'layer4', shape: [5, 6], kind: 'tokens' })
  expect(taps.at(-1)).toEqual({ name: 'pool', shape: [6], kind: 'vector' })
})
