import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { networkDefinition, predict } from '@gpdjs/core'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { drawn, tinyNetwork } from '../testing/tiny-network.ts'
import { loadNetwork, saveNetwork } from './saved-network.ts'

let folder: string
beforeAll(async () => {
  await tf.setBackend('cpu')
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpd-files-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const saved = () => join(folder, 'student')

describe('saveNetwork and loadNetwork', () => {
  it('bring back a network that computes the same, bit for bit', async () => {
    const trained = drawn(tinyNetwork(), 3)
    await saveNetwork(saved(), trained, { arm: 'test' })
    const loaded = await loadNetwork(saved())
    const x = tf.randomNormal([2, 6, 6, 1])
    const logits = ({ network, parameters, statistics }: typeof trained) =>
      Array.from(predict({ network, parameters, statistics }, x).dataSync())
    expect(logits(loaded)).toEqual(logits(trained))
    expect(loaded.metadata).toEqual({ arm: 'test' })
    expect(await readdir(folder)).toEqual(['student'])
  })

  it('replace what was there, all or nothing', async () => {
    await saveNetwork(saved(), drawn(tinyNetwork(), 1))
    await saveNetwork(saved(), drawn(tinyNetwork({ width: 3 }), 1))
    expect((await loadNetwork(saved())).network.parameters[0]!.shape).toEqual([3, 3, 1, 3])
    expect(await readdir(folder)).toEqual(['student'])
  })

  it('refuse a folder that cannot be written, and leave nothing', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(saveNetwork(join(folder, 'file', 'student'), drawn(tinyNetwork(), 1))).rejects.toMatchObject({
      code: 'output.unwritable',
    })
    expect(await readdir(folder)).toEqual(['file'])
  })

  it.each([
    ['nothing there', () => rm(saved(), { recursive: true }), 'checkpoint.missing'],
    ['weights cut off', () => truncate(join(saved(), 'weights.safetensors'), 100), 'checkpoint.corrupt'],
    ['no JSON', () => writeFile(join(saved(), 'network.json'), '{"name": '), 'checkpoint.corrupt'],
    ['JSON of something else', () => writeFile(join(saved(), 'network.json'), '[]'), 'checkpoint.corrupt'],
  ])('refuse %s', async (_, damage, code) => {
    await saveNetwork(saved(), drawn(tinyNetwork(), 1))
    await damage()
    const before = tf.memory().numTensors
    await expect(loadNetwork(saved())).rejects.toMatchObject({ code })
    expect(tf.memory().numTensors).toBe(before)
  })

  it('refuse weights of another network, naming the tensor and both shapes', async () => {
    await saveNetwork(saved(), drawn(tinyNetwork({ width: 3 }), 1))
    await writeFile(join(saved(), 'network.json'), JSON.stringify(networkDefinition(tinyNetwork())))
    await expect(loadNetwork(saved())).rejects.toThrow(
      /expected 'conv1.weight' as F32 \[3, 3, 1, 2\], got F32 \[3, 3, 1, 3\]/,
    )
  })
})
