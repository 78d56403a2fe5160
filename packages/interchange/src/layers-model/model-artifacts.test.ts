import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { GpdError, isGpdError } from '@gpdjs/core'
import { readModelArtifacts } from './model-artifacts.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

type Json = Record<string, unknown>
interface Saved {
  readonly json: Json & { modelTopology: Json; weightsManifest: { paths: unknown; weights: Json[] }[] }
  readonly files: Map<string, Uint8Array>
}

/** `x · [1, 2; 3, 4] + [5, 6]`, as TensorFlow.js saves it. */
async function saved(): Promise<Saved> {
  const layer = tf.layers.dense({ inputShape: [2], units: 2, name: 'fc' })
  const model = tf.sequential({ layers: [layer] })
  layer.setWeights([tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor1d([5, 6])])
  const kept: tf.io.ModelArtifacts[] = []
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      kept.push(artifacts)
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    }),
  )
  const { modelTopology, weightSpecs, weightData, format } = kept[0]!
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }]
  const json = JSON.parse(JSON.stringify({ modelTopology, format, weightsManifest })) as Saved['json']
  return { json, files: new Map([['weights.bin', new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData))]]) }
}

function load({ json, files }: Saved, onWarning?: (message: string) => void) {
  const read = (name: string) => {
    const file = files.get(name)
    if (file === undefined) return Promise.reject(new GpdError('checkpoint.missing', `Cannot read '${name}'.`))
    return Promise.resolve(file)
  }
  return readModelArtifacts(JSON.stringify(json), { source: 'model.json', read, ...(onWarning && { onWarning }) })
}

const group = ({ json }: Saved) => json.weightsManifest[0]!
const layerOf = ({ json }: Saved) =>
  (json.modelTopology as unknown as { config: { layers: { class_name: unknown }[] } }).config.layers[0]!

/** What predicts [1·1 + 1·3 + 5, 1·2 + 1·4 + 6] for [1, 1]. */
async function prediction(artifacts: tf.io.ModelArtifacts): Promise<number[]> {
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts))
  return Array.from((model.predict(tf.ones([1, 2])) as tf.Tensor).dataSync())
}

describe('readModelArtifacts reads', () => {
  it('what TensorFlow.js saved', async () => {
    const onWarning = vi.fn()
    expect(await prediction(await load(await saved(), onWarning))).toEqual([9, 12])
    expect(onWarning).not.toHaveBeenCalled()
  })

  it('weights in several files and groups', async () => {
    const model = await saved()
    const bytes = model.files.get('weights.bin')!
    const [kernel, bias] = group(model).weights
    model.json.weightsManifest = [
      { paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'], weights: [kernel!] },
      { paths: ['group2-shard1of1.bin'], weights: [bias!] },
    ]
    const cuts = { 'group1-shard1of2.bin': [0, 10], 'group1-shard2of2.bin': [10, 16], 'group2-shard1of1.bin': [16, 24] }
    const files = new Map(Object.entries(cuts).map(([name, [from, to]]) => [name, bytes.slice(from, to)]))
    expect(await prediction(await load({ ...model, files }))).toEqual([9, 12])
  })

  it('numbers that are not finite, naming the weight that holds them', async () => {
    const model = await saved()
    new DataView(model.files.get('weights.bin')!.buffer).setFloat32(20, NaN, true)
    const onWarning = vi.fn()
    await load(model, onWarning)
    expect(onWarning.mock.calls).toEqual([
      [expect.stringMatching(/^model.json: 'fc\/bias' holds numbers that are not finite/)],
    ])
  })
})

describe('readModelArtifacts refuses', () => {
  it.each<[string, (model: Saved) => void, RegExp]>([
    ...['../../etc/hostname', '/etc/hostname', 'C:\\weights.bin', '..', 'a/b.bin', 'https://x.org/w', 'a\0', '', 7].map(
      (path) =>
        [
          `the path ${JSON.stringify(path)}`,
          (model: Saved) => (group(model).paths = [path]),
          /names of files beside it in weightsManifest/,
        ] as [string, (model: Saved) => void, RegExp],
    ),
    ['no paths', (model) => (group(model).paths = undefined), /paths and weights in weightsManifest/],
    ['no manifest', (model) => (model.json.weightsManifest = undefined as never), /a list as weightsManifest/],
    ['a file twice', (model) => (group(model).paths = ['weights.bin', 'weights.bin']), /'weights.bin' twice/],
    [
      'trailing bytes',
      (model) => model.files.set('weights.bin', new Uint8Array(25)),
      /24 bytes of weights in weights.bin, found 25/,
    ],
    ['missing bytes', (model) => model.files.set('weights.bin', new Uint8Array(23)), /24 bytes .*found 23/],
    [
      'a weight twice',
      (model) => (group(model).weights[1]!['name'] = 'fc/kernel'),
      /each weight once, found 'fc\/kernel'/,
    ],
    [
      'a weight called __proto__',
      (model) => (group(model).weights[1]!['name'] = '__proto__'),
      /weights with a name, found "__proto__"/,
    ],
    ['a weight without name', (model) => delete group(model).weights[0]!['name'], /weights with a name, found nothing/],
    ['a negative size', (model) => (group(model).weights[0]!['shape'] = [-2, -2]), /sizes as shape of 'fc\/kernel'/],
    [
      'a petabyte',
      (model) => (group(model).weights[0]!['shape'] = [2 ** 48]),
      /1125899906842632 bytes of weights.*found 24/,
    ],
    [
      'strings',
      (model) => (group(model).weights[0]!['dtype'] = 'string'),
      /float32, int32, bool as dtype of 'fc\/kernel'/,
    ],
    [
      'an unknown quantization',
      (model) => (group(model).weights[0]!['quantization'] = { dtype: 'int4' }),
      /quantized to/,
    ],
    ['an unknown class', (model) => (layerOf(model).class_name = 'Unheard'), /class "Unheard" of layer "fc"/],
    ['a class of every object', (model) => (layerOf(model).class_name = 'constructor'), /class "constructor"/],
    ['no topology', (model) => delete (model.json as Json)['modelTopology'], /an object as modelTopology/],
    ['a graph model', (model) => (model.json['format'] = 'graph-model'), /a graph-model, which is no tf.LayersModel/],
  ])('%s', async (_, break_, message) => {
    const model = await saved()
    break_(model)
    await expect(load(model)).rejects.toThrow(message)
    await expect(load(model)).rejects.toSatisfy((error) => isGpdError(error) && error.code === 'checkpoint.corrupt')
  })

  it('a file of weights that is not there', async () => {
    const model = await saved()
    group(model).paths = ['weights.bin', 'more.bin']
    await expect(load(model)).rejects.toThrow("Cannot read 'more.bin'")
  })

  it.each(['', '{', '[]', 'null', `{"modelTopology":${'{"a":'.repeat(1000)}`])('the text %j', async (text) => {
    const read = () => Promise.resolve(new Uint8Array())
    await expect(readModelArtifacts(text, { source: 'm', read })).rejects.toThrow(/^m: expected (JSON|a JSON object)/)
  })
})

it('takes weights as fetch hands them over, an ArrayBuffer, and refuses what are no bytes', async () => {
  const { json, files } = await saved()
  const reading = (as: (bytes: Uint8Array) => unknown) =>
    readModelArtifacts(JSON.stringify(json), {
      source: 'model.json',
      read: (name) => Promise.resolve(as(files.get(name)!) as ArrayBuffer),
    })
  const { weightData } = await reading((bytes) => bytes.slice().buffer)
  expect([...new Float32Array(tf.io.CompositeArrayBuffer.join(weightData))]).toEqual([1, 2, 3, 4, 5, 6])
  await expect(reading(String)).rejects.toMatchObject({ code: 'config.invalid' })
})
