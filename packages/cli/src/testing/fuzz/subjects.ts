import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as tf from '@tensorflow/tfjs'
import { initializeParameters, initializeStatistics, type Model, type Network, type RandomStream } from '@gpdjs/core'
import { cifarResnet, vit } from '@gpdjs/architectures'
import { encodeIdx } from '@gpdjs/data'
import { readIdx } from '@gpdjs/data/node'
import {
  decodeSafetensors,
  encodeSafetensors,
  fromLayersModel,
  fromOnnx,
  layersModelFolder,
  loadHeads,
  loadNetwork,
  loadState,
  saveHeads,
  saveNetwork,
  saveState,
  toOnnx,
} from '@gpdjs/interchange'
import { checkConfig } from '../../config/check.ts'
import { loadFile } from '../../config/load.ts'
import { asKeras3, layersModels } from './layers-models.ts'
import { mutateBytes } from './mutate-bytes.ts'
import type { Subject } from './subject.ts'

const drawn = (network: Network): Model => ({
  network,
  parameters: initializeParameters(network.parameters, 1),
  statistics: initializeStatistics(network.statistics),
})

const NETWORKS: readonly Network[] = [
  cifarResnet({ blocks: [1, 1], width: 2, inputShape: [8, 8, 1], classes: 3 }),
  vit({ classes: 2, inputShape: [8, 8, 1], patchSize: 4, depth: 1, width: 4, heads: 2 }),
]

const free = ({ parameters, statistics }: Model): void => tf.dispose([parameters, statistics])

const using = async (network: Network, use: (model: Model) => Promise<void>): Promise<void> => {
  const model = drawn(network)
  await use(model)
  free(model)
}

const networkFolders = NETWORKS.map(
  (network) => (folder: string) =>
    using(network, (model) => saveNetwork(folder, model, { 'class-names': '["a", "b"]' })),
)

const readNetwork: Subject['read'] = async (folder) => free(await loadNetwork(folder))

const idx = encodeIdx({ dims: [20, 4, 4], data: Uint8Array.from({ length: 320 }, (_, i) => i % 251) })
const writing = (name: string, bytes: Uint8Array | string) => (folder: string) => writeFile(join(folder, name), bytes)
const readingIdx =
  (name: string): Subject['read'] =>
  async (folder) =>
    void (await readIdx(join(folder, name)))

/** Damage inside the gzip, and of the gzip itself. */
const mutateGzip = (bytes: Uint8Array, random: RandomStream): Uint8Array =>
  random.integer(2) === 0 ? mutateBytes(bytes, random) : gzipSync(mutateBytes(gunzipSync(bytes), random))

const tensors = encodeSafetensors(
  {
    weight: { shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i) },
    'deep/er.bias': { shape: [], data: Float32Array.of(1) },
    count: { shape: [2, 1, 2], data: Int32Array.of(1, 2, 3, 4) },
    none: { shape: [0, 7], data: new Float32Array(0) },
  },
  { made: 'by hand' },
)

const stateFolder = async (folder: string): Promise<void> => {
  const records = { student: { w: tf.ones([2, 3]) }, slots: { m: tf.zeros([4]), n: tf.scalar(1, 'int32') } }
  await saveState(folder, records, { step: 3, best: NaN, list: [1, { a: 'b' }] })
  tf.dispose(Object.values(records))
}
const readState: Subject['read'] = async (folder) => tf.dispose(Object.values((await loadState(folder)).records))

const headsFolder = async (folder: string): Promise<void> => {
  const heads = { 'vid(a, b)': { weight: tf.ones([2, 2]), bias: tf.zeros([2]) }, 'at(a, b)': { scale: tf.scalar(1) } }
  await saveHeads(folder, heads)
  tf.dispose(Object.values(heads))
}
const readHeads: Subject['read'] = async (folder) => tf.dispose(Object.values(await loadHeads(folder)))

const config = {
  student: { network: 'resnet20', width: 4 },
  teacher: { weights: 'teacher/student', loss: { name: 'dkd', alpha: 1, beta: 0.5, temperature: 1 } },
  dynamicTeacher: { ratio: 2 },
  ema: { decay: 0.99 },
  data: { directory: 'images', classes: 3, validation: 16, classNames: ['a', 'b', 'c'] },
  optimizer: { learningRate: 0.05, momentum: 0.9 },
  epochs: 2,
  batchSize: 16,
}
const yaml = `student: { network: resnet20, width: &w 4 }
data:
  directory: images
  classes: *w
optimizer:
  learningRate: 0.05 # as in the paper
epochs: 1
`
const readingConfig =
  (name: string): Subject['read'] =>
  async (folder) => {
    const { value } = await loadFile(join(folder, name))
    checkConfig(value, name)
  }

const onnxFiles = NETWORKS.map(
  (network) => (folder: string) =>
    using(network, async (model) => writeFile(join(folder, 'model.onnx'), await toOnnx(model))),
)

const layersFolder = (make: () => tf.LayersModel) => async (folder: string) => {
  const model = make()
  await model.save(layersModelFolder(folder), { includeOptimizer: true })
  model.optimizer?.dispose()
  model.dispose()
}

const keras3Folder = async (folder: string): Promise<void> => {
  await layersFolder(layersModels[0]!)(folder)
  const path = join(folder, 'model.json')
  await writeFile(path, asKeras3(await readFile(path, 'utf8')))
}

/** Every reader of files that others may have written. */
export const SUBJECTS: Readonly<Record<string, Subject>> = {
  safetensors: {
    variants: [writing('x.safetensors', tensors)],
    target: 'x.safetensors',
    read: async (folder) => {
      const file = await readFile(join(folder, 'x.safetensors'))
      for (const tensor of decodeSafetensors(file, { source: 'x' }).tensors.values())
        if (!/^(C|F[46])/.test(tensor.dtype)) void tensor.data.length
    },
  },
  idx: { variants: [writing('x', idx)], target: 'x', read: readingIdx('x') },
  'idx.gz': {
    variants: [writing('x.gz', gzipSync(idx))],
    target: 'x.gz',
    read: readingIdx('x.gz'),
    mutate: mutateGzip,
  },
  'config.json': {
    variants: [writing('c.json', JSON.stringify(config))],
    target: 'c.json',
    read: readingConfig('c.json'),
  },
  'config.yaml': { variants: [writing('c.yaml', yaml)], target: 'c.yaml', read: readingConfig('c.yaml') },
  'network.json': { variants: networkFolders, target: 'network.json', index: 'network.json', read: readNetwork },
  'weights.safetensors': {
    variants: networkFolders,
    target: 'weights.safetensors',
    index: 'network.json',
    read: readNetwork,
  },
  'model.json': {
    variants: [...layersModels.map(layersFolder), keras3Folder],
    target: 'model.json',
    index: 'model.json',
    read: async (folder) => {
      const model = await tf.loadLayersModel(layersModelFolder(folder, { onWarning: () => undefined }))
      try {
        free(fromLayersModel(model))
      } finally {
        // TensorFlow.js counts the calls of a model inside a model, and keeps the weights of one that was called twice.
        const weights = model.weights.map((weight) => weight.read())
        model.optimizer?.dispose()
        model.dispose()
        tf.dispose(weights)
      }
    },
  },
  onnx: {
    variants: onnxFiles,
    target: 'model.onnx',
    read: async (folder) => free(await fromOnnx(await readFile(join(folder, 'model.onnx')), { source: 'model.onnx' })),
  },
  'heads.json': { variants: [headsFolder], target: 'heads.json', index: 'heads.json', read: readHeads },
  'heads.safetensors': { variants: [headsFolder], target: 'heads.safetensors', index: 'heads.json', read: readHeads },
  'manifest.json': { variants: [stateFolder], target: 'manifest.json', index: 'manifest.json', read: readState },
  'state.json': { variants: [stateFolder], target: 'state.json', index: 'manifest.json', read: readState },
}
