/** Models whose files TensorFlow.js builds for ever, or half of, or with an error that says nothing about the file. */
import { readFile, writeFile } from 'node:fs/promises'
import * as tf from '@tensorflow/tfjs'
import { isGpdError } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { layersModelFolder } from './layers-model-folder.ts'

const at = temporaryFolder()
beforeAll(async () => void (await tf.setBackend('cpu')))

/** `fc(flat(image)) + fc2(flat(image))` */
function twoLayers(): tf.LayersModel {
  const image = tf.input({ shape: [2, 2, 1], name: 'image' })
  const flat = tf.layers.flatten({ name: 'flat' }).apply(image)
  const [a, b] = ['fc', 'fc2'].map((name) => tf.layers.dense({ units: 3, name }).apply(flat)) as tf.SymbolicTensor[]
  return tf.model({ inputs: image, outputs: tf.layers.add({ name: 'sum' }).apply([a!, b!]) as tf.SymbolicTensor })
}

interface Layer {
  name: unknown
  class_name: string
  inbound_nodes: unknown
  config: Record<string, unknown>
}
interface Saved {
  files?: unknown
  sha256?: unknown
  trainingConfig?: unknown
  userDefinedMetadata?: unknown
  modelTopology: { config: { layers: Layer[]; output_layers: unknown; custom_objects?: unknown } }
  weightsManifest: { weights: { name: string; shape: number[]; dtype: string }[] }[]
}

async function save(change: (json: Saved, layer: (name: string) => Layer) => void): Promise<void> {
  const model = twoLayers()
  await model.save(layersModelFolder(at('model')))
  model.dispose()
  const json = JSON.parse(await readFile(at('model', 'model.json'), 'utf8')) as Saved
  delete json.files
  delete json.sha256
  change(json, (name) => json.modelTopology.config.layers.find((layer) => layer.name === name)!)
  await writeFile(at('model', 'model.json'), JSON.stringify(json))
}

const load = () => tf.loadLayersModel(layersModelFolder(at('model')))

describe('a tf.LayersModel from a file', () => {
  it.each<[what: string, change: Parameters<typeof save>[0], says: RegExp]>([
    [
      'reads a layer that is not there',
      (_, layer) => (layer('fc').inbound_nodes = [[['flta', 0, 0, {}]]]),
      /what layer "fc" reads .*"flta"/,
    ],
    [
      'reads a call that is not there',
      (_, layer) => (layer('fc').inbound_nodes = [[['flat', 1, 0, {}]]]),
      /what layer "fc" reads .*"flat",1/,
    ],
    [
      'reads what is never called',
      (_, layer) => (layer('flat').inbound_nodes = [[]]),
      /what layer "fc" reads .*"flat",0/,
    ],
    [
      'draws weights by what is no number',
      (_, layer) =>
        (layer('fc').config['kernel_initializer'] = {
          class_name: 'VarianceScaling',
          config: { scale: 'wide', mode: 'fan_avg', distribution: 'normal', seed: null },
        }),
      /a number as scale of the kernel_initializer, found "wide"|TensorFlow\.js can/,
    ],
    [
      'draws weights from a distribution of a width below 0',
      (_, layer) =>
        (layer('fc').config['kernel_initializer'] = {
          class_name: 'TruncatedNormal',
          config: { mean: 0, stddev: -1, seed: null },
        }),
      /a number as stddev of the kernel_initializer, found -1/,
    ],
    [
      'has an input whose size is a text',
      (_, layer) => (layer('image').config['batch_input_shape'] = 'huge'),
      /found|it says/,
    ],
    [
      'has metrics that are none',
      (json) =>
        (json.trainingConfig = { loss: 'mse', metrics: [0.5], optimizer_config: { class_name: 'SGD', config: {} } }),
      /it says/,
    ],
    ['reads itself', (_, layer) => (layer('fc').inbound_nodes = [[['fc', 0, 0, {}]]]), /what layer "fc" reads/],
    [
      'reads in a circle',
      (_, layer) => (layer('flat').inbound_nodes = [[['sum', 0, 0, {}]]]),
      /what layer "flat" reads/,
    ],
    [
      'has two layers of one name',
      (_, layer) => Object.assign(layer('fc2'), { name: 'fc', config: { ...layer('fc2').config, name: 'fc' } }),
      /each layer once, found "fc" twice/,
    ],
    [
      'has a layer with two names',
      (_, layer) => (layer('fc2').config['name'] = 'fc3'),
      /layers with one name, found "fc2" and "fc3"/,
    ],
    [
      'has a layer called __proto__',
      (_, layer) =>
        Object.assign(layer('fc2'), { name: '__proto__', config: { ...layer('fc2').config, name: '__proto__' } }),
      /layers with one name/,
    ],
    ['has wires that are no list', (_, layer) => (layer('fc').inbound_nodes = { args: [] }), /a list as inbound_nodes/],
    [
      'brings classes along',
      ({ modelTopology }) => (modelTopology.config.custom_objects = { Dense: ['x', 'y'] }),
      /keys of layers, found "custom_objects"/,
    ],
    [
      'has an initializer that is not known',
      (_, layer) => (layer('fc').config['kernel_initializer'] = { class_name: 'Evil', config: {} }),
      /TensorFlow\.js can .*Unknown initializer: Evil/,
    ],
    [
      'has an activation that is not known',
      (_, layer) => (layer('fc').config['activation'] = 'evil'),
      /TensorFlow\.js can .*Unknown activation/,
    ],
    ['has no output', ({ modelTopology }) => (modelTopology.config.output_layers = [['none', 0, 0]]), /it says/],
    [
      'asks for more units than weights',
      (_, layer) => (layer('fc').config['units'] = 1e9),
      /layers with the 30 numbers of its weights, found 'kernel' \[4, 1000000000\]/,
    ],
    [
      'has a weight of another shape',
      ({ weightsManifest: [group] }) => (group!.weights[0]!.shape = [3, 4]),
      /'fc\/kernel' as float32 \[4, 3\], found float32 \[3, 4\]/,
    ],
    [
      'has a weight of another type',
      ({ weightsManifest: [group] }) => (group!.weights[0]!.dtype = 'int32'),
      /'fc\/kernel' as float32/,
    ],
    [
      'has a weight of another name',
      ({ weightsManifest: [group] }) => (group!.weights[0]!.name = 'fc/krenel'),
      /'fc\/krenel', which belongs to none/,
    ],
    [
      'is compiled with a loss that is not known',
      (json) => (json.trainingConfig = { loss: 'evil', optimizer_config: { class_name: 'SGD', config: {} } }),
      /it says: .*[Uu]nknown/,
    ],
  ])('is refused at once, and leaves nothing, if it %s', async (_, change, says) => {
    await save(change)
    const before = tf.memory().numTensors
    const error = await load().then(
      () => 'accepted',
      (reason: unknown) => reason,
    )
    expect(isGpdError(error) ? error.code : error).toBe('checkpoint.corrupt')
    expect((error as Error).message).toMatch(says)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('is read as before if nothing is wrong, with tensors of its own only', async () => {
    await save(() => undefined)
    const before = tf.memory().numTensors
    const model = await load()
    expect(tf.memory().numTensors).toBe(before + 4)
    model.dispose()
  })

  it('keeps the error of TensorFlow.js as the cause', async () => {
    await save(({ modelTopology }) => (modelTopology.config.output_layers = [['none', 0, 0]]))
    await expect(load()).rejects.toMatchObject({ cause: expect.any(Error) as Error })
  })

  it('leaves the layers of TensorFlow.js as they were', async () => {
    await save((_, layer) => (layer('fc').config['units'] = 1e9))
    await expect(load()).rejects.toThrow()
    const layer = tf.layers.dense({ units: 2, inputShape: [3], kernelInitializer: 'ones' })
    layer.build([null, 3])
    expect([...layer.getWeights()[0]!.dataSync()]).toEqual([1, 1, 1, 1, 1, 1])
    tf.dispose(layer.weights.map((weight) => weight.read()))
  })
})
