import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'

const [TOPOLOGY, WEIGHTS] = ['model.json', 'weights.bin'] as const

/** Saves into a folder, as TensorFlow.js' `file://` does: only tfjs-node brings that along, and here it is not needed. */
export const folderSaver = (folder: string): tf.io.IOHandler =>
  tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy }) => {
    const weightsManifest = [{ paths: [WEIGHTS], weights: weightSpecs }]
    await mkdir(folder, { recursive: true })
    await writeFile(
      join(folder, TOPOLOGY),
      JSON.stringify({ modelTopology, format, generatedBy, convertedBy, weightsManifest }),
    )
    await writeFile(join(folder, WEIGHTS), new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)))
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } }
  })

/** Loads what `folderSaver` saved. */
export const folderLoader = (folder: string): tf.io.IOHandler => ({
  async load() {
    const json = JSON.parse(await readFile(join(folder, TOPOLOGY), 'utf8')) as tf.io.ModelJSON
    const weights = new Uint8Array(await readFile(join(folder, WEIGHTS)))
    return tf.io.getModelArtifactsForJSON(json, ([group]) => Promise.resolve([group!.weights, weights.buffer]))
  },
})
