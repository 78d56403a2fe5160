/** What a model takes along, beside its layers and weights. */
import { readFile } from 'node:fs/promises'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { layersModelFolder } from './layers-model-folder.ts'

const at = temporaryFolder()
beforeAll(async () => void (await tf.setBackend('cpu')))

const [xs, ys] = [tf.linspace(-1, 1, 24).reshape([8, 3]), tf.linspace(0, 1, 8).reshape([8, 1])]

async function trainedModel(optimizer: tf.Optimizer | string): Promise<tf.Sequential> {
  const initializer = tf.initializers.constant({ value: 0.1 })
  const layers = [
    tf.layers.dense({ units: 4, inputShape: [3], activation: 'tanh', kernelInitializer: initializer }),
    tf.layers.dense({ units: 1, kernelInitializer: initializer }),
  ]
  const model = tf.sequential({ layers })
  model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['mse'] })
  await model.fit(xs, ys, { epochs: 3, shuffle: false, verbose: 0 })
  return model
}

/** What TensorFlow.js itself hands to whoever saves a model. */
async function artifactsOf(model: tf.LayersModel, config?: tf.io.SaveConfig): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined
  const handler = tf.io.withSaveHandler((given) => {
    artifacts = given
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } })
  })
  await model.save(handler, config)
  return artifacts!
}

const numbers = (data: tf.io.WeightData | undefined) => [...new Uint8Array(tf.io.CompositeArrayBuffer.join(data))]
const through = async (artifacts: tf.io.ModelArtifacts) => {
  await layersModelFolder(at('model')).save!(artifacts)
  return layersModelFolder(at('model')).load!()
}

describe('layersModelFolder', () => {
  it.each(['adam', 'momentum', 'rmsprop', 'sgd'])('brings the weights of %s back', async (name) => {
    const optimizer = name === 'momentum' ? tf.train.momentum(0.1, 0.9) : name
    const model = await trainedModel(optimizer)
    const given = await artifactsOf(model, { includeOptimizer: true })
    await model.save(layersModelFolder(at('model')), { includeOptimizer: true })
    const loaded = (await tf.loadLayersModel(layersModelFolder(at('model')))) as tf.Sequential
    const kept = await artifactsOf(loaded, { includeOptimizer: true })
    expect(kept.trainingConfig).toEqual(given.trainingConfig)
    expect(kept.trainingConfig).toBeDefined()
    expect(numbers(kept.weightData)).toEqual(numbers(given.weightData))
    expect(kept.weightSpecs).toEqual(given.weightSpecs)
    expect(kept.weightSpecs!.some(({ group }) => group === 'optimizer')).toBe(true)
    // It goes on from where the optimizer was: the same loss as without the file, which a fresh one does not give.
    const next = async (from: tf.Sequential) =>
      (await from.fit(xs, ys, { epochs: 2, shuffle: false, verbose: 0 })).history['loss']![1] as number
    expect(await next(loaded)).toBeCloseTo(await next(model), 6)
  })

  it('keeps what users add', async () => {
    const model = await trainedModel('sgd')
    const metadata = { classes: ['cat', 'dog'], mean: [0.5], nested: { a: null } }
    model.setUserDefinedMetadata(metadata)
    await model.save(layersModelFolder(at('model')))
    const loaded = await tf.loadLayersModel(layersModelFolder(at('model')))
    expect(loaded.getUserDefinedMetadata()).toEqual(metadata)
  })

  it('keeps every part of the artifacts, those that it does not know too', async () => {
    const given = {
      ...(await artifactsOf(await trainedModel('adam'), { includeOptimizer: true })),
      signature: { inputs: { x: { name: 'x:0' } } },
      initializerSignature: { outputs: {} },
      modelInitializer: { node: [] },
      userDefinedMetadata: { a: 1 },
      convertedBy: 'converter 1',
      later: { version: 5 },
    } as tf.io.ModelArtifacts
    const kept = await through(given)
    const plain = ({ weightData: _, ...rest }: tf.io.ModelArtifacts) => JSON.parse(JSON.stringify(rest)) as object
    expect(plain(kept)).toEqual(plain(given))
    expect(numbers(kept.weightData)).toEqual(numbers(given.weightData))
  })

  it('keeps a model without weights, and bytes in pieces', async () => {
    const modelTopology = tf.sequential({ layers: [tf.layers.reLU({ inputShape: [2] })] }).toJSON(null, false) as object
    expect((await through({ modelTopology })).weightSpecs).toEqual([])
    const dense = tf.sequential({ layers: [tf.layers.dense({ inputShape: [1], units: 1, name: 'fc' })] })
    const { weightSpecs, ...given } = await artifactsOf(dense)
    const pieces = [Float32Array.of(1).buffer, Float32Array.of(2).buffer]
    const kept = await through({ ...given, weightSpecs: weightSpecs!, weightData: pieces })
    expect([...new Float32Array(kept.weightData as ArrayBuffer)]).toEqual([1, 2])
  })

  it('writes what the loader of TensorFlow.js reads by itself', async () => {
    const model = await trainedModel('adam')
    await model.save(layersModelFolder(at('model')), { includeOptimizer: true })
    const json = JSON.parse(await readFile(at('model', 'model.json'), 'utf8')) as tf.io.ModelJSON
    const bytes = Uint8Array.from(await readFile(at('model', 'weights.bin')))
    const specs = json.weightsManifest.flatMap(({ weights }) => weights)
    const artifacts = await tf.io.getModelArtifactsForJSON(json, () => Promise.resolve([specs, bytes.buffer]))
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts))
    expect((loaded.predict(xs) as tf.Tensor).dataSync()).toEqual((model.predict(xs) as tf.Tensor).dataSync())
  })

  it('refuses a topology in bytes', async () => {
    await expect(through({ modelTopology: new ArrayBuffer(4) })).rejects.toMatchObject({ code: 'config.invalid' })
  })
})
