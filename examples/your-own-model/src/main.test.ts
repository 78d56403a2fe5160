import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, afterAll, describe, expect, it } from 'vitest'
import { layersModelFolder } from '@gpdjs/interchange'
import { createModel } from './model.ts'

let folder: string
beforeAll(async () => {
  await tf.setBackend('cpu')
  folder = await mkdtemp(join(tmpdir(), 'your-own-model-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('the example', () => {
  it('trains on a few images and leaves a loadable model and an ONNX file behind', async () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    const options = ['--images', '64', '--epochs', '1', '--output', folder]
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@gpdjs/source',
      '--import',
      'tsx',
      main,
      ...options,
    ])
    expect(stdout).toMatch(/The softmax of '.*' is left out/)
    expect(stdout).toMatch(/Test accuracy \d+\.\d %/)
    const model = await tf.loadLayersModel(layersModelFolder(folder))
    const own = createModel()
    expect(model.countParams()).toBe(own.countParams())
    const logits = model.predict(tf.zeros([2, 28, 28, 1])) as tf.Tensor
    expect(logits.shape).toEqual([2, 10])
    expect(Array.from(logits.dataSync()).every(Number.isFinite)).toBe(true)
    expect([...(await readFile(join(folder, 'model.onnx'))).subarray(0, 2)]).toEqual([0x08, 8])
  }, 120_000)

  it('saves models in files from which they come back the same', async () => {
    const model = createModel()
    await model.save(layersModelFolder(join(folder, 'same')))
    const loaded = await tf.loadLayersModel(layersModelFolder(join(folder, 'same')))
    const x = tf.randomUniform([2, 28, 28, 1], 0, 1, 'float32', 1)
    const difference = tf.sub(model.predict(x) as tf.Tensor, loaded.predict(x) as tf.Tensor)
    expect(tf.max(tf.abs(difference)).dataSync()[0]).toBe(0)
  })
})
