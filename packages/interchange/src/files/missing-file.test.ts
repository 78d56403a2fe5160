import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { layersModelFolder } from './layers-model-folder.ts'
import { loadHeads } from './saved-heads.ts'
import { loadNetwork } from './saved-network.ts'

describe('a folder without the file that is read', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'missing-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const loadModel = (path: string) => tf.loadLayersModel(layersModelFolder(path))

  it.each<[string, (path: string) => Promise<unknown>, string]>([
    ['model.json', loadModel, 'model.json and the files of weights that it names'],
    ['network.json', loadNetwork, 'network.json and weights.safetensors'],
    ['heads.safetensors', loadHeads, 'saveHeads'],
  ])('says what should have been there in place of %s', async (name, load, fix) => {
    const error = { code: 'checkpoint.missing', fix: expect.stringContaining(fix) as string }
    await expect(load(folder)).rejects.toMatchObject(error)
    await expect(load(folder)).rejects.toThrow(join(folder, name))
    await expect(load(join(folder, 'not-there'))).rejects.toMatchObject(error)
  })

  it('given model.json itself, asks for the folder', async () => {
    const file = join(folder, 'model.json')
    await writeFile(file, '{}')
    await expect(loadModel(file)).rejects.toThrow(/Give that folder, not a file in it/)
  })

  it('names a file of weights that model.json names', async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] })
    await model.save(layersModelFolder(folder))
    await rm(join(folder, 'weights.bin'))
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'checkpoint.missing',
      fix: expect.stringContaining("names 'weights.bin'") as string,
    })
  })
})
