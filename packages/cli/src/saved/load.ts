import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { GpdError, withLogits, type Model } from '@gpdjs/core'
import { fromOnnx, layersModelFolder, loadNetwork } from '@gpdjs/interchange'
import { asModel } from './layers-model.ts'
import type { Saved } from './saved.ts'

const disposing = (model: Model): Saved['dispose'] => {
  return () => tf.dispose([model.parameters, model.statistics])
}

async function onnx(path: string): Promise<Saved> {
  const { metadata, ...model } = await fromOnnx(await readFile(path), { source: path })
  return { model: withLogits(model), metadata, dispose: disposing(model) }
}

async function network(folder: string): Promise<Saved> {
  const { metadata, ...model } = await loadNetwork(folder)
  return { model, metadata, dispose: disposing(model) }
}

async function layersModel(folder: string): Promise<Saved> {
  return asModel(await tf.loadLayersModel(layersModelFolder(folder)), folder)
}

/** What a folder holds, by the file that shows it. */
const READERS: Readonly<Record<string, (folder: string) => Promise<Saved>>> = {
  'network.json': network,
  'model.json': layersModel,
  'model.onnx': (folder) => onnx(join(folder, 'model.onnx')),
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )

/**
 * Loads what `gpd train` or `gpd extract` wrote.
 *
 * @param path a folder with `network.json`, `model.json` or `model.onnx`, or a file with a name that ends in `.onnx`
 * @throws GpdError `checkpoint.missing`, `checkpoint.corrupt`, `checkpoint.incompatible`
 */
export async function loadSaved(path: string): Promise<Saved> {
  if (path.endsWith('.onnx') && (await isFile(path))) return onnx(path)
  for (const [file, read] of Object.entries(READERS)) if (await isFile(join(path, file))) return read(path)
  const wanted = Object.keys(READERS).join(', ')
  throw new GpdError(
    'checkpoint.missing',
    `Cannot read '${path}': expected a folder with one of ${wanted}, or a file that ends in .onnx.`,
    'Give the folder of a network, such as runs/1/student, or what gpd extract wrote.',
  )
}
