import * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'
import { readFileOf, writeFolder } from './atomic-folder.ts'

const [TOPOLOGY, WEIGHTS] = ['model.json', 'weights.bin'] as const

/**
 * A folder as a place for a `tf.LayersModel`, with the files that `file://` of tfjs-node writes and reads: only that
 * package brings it along, and here it is not needed. Saving is all or nothing and replaces the folder.
 *
 * @throws GpdError `output.unwritable`, `checkpoint.missing` or `checkpoint.corrupt`, when used
 * @example
 * await toLayersModel(network, parameters, statistics).save(layersModelFolder('model'))
 * const model = await tf.loadLayersModel(layersModelFolder('model'))
 */
export const layersModelFolder = (folder: string): tf.io.IOHandler => ({
  async save({ modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy }) {
    const weightsManifest = [{ paths: [WEIGHTS], weights: weightSpecs }]
    await writeFolder(folder, {
      [TOPOLOGY]: JSON.stringify({ modelTopology, format, generatedBy, convertedBy, weightsManifest }),
      [WEIGHTS]: new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)),
    })
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } }
  },
  async load() {
    const [text, weights] = [await readFileOf(folder, TOPOLOGY), await readFileOf(folder, WEIGHTS)]
    try {
      const json = JSON.parse(new TextDecoder().decode(text)) as tf.io.ModelJSON
      // Whatever path the manifest names, only this folder's own weights are read.
      const specs = json.weightsManifest.flatMap((group) => group.weights)
      return await tf.io.getModelArtifactsForJSON(json, () => Promise.resolve([specs, weights.slice().buffer]))
    } catch (error) {
      throw new GpdError('checkpoint.corrupt', `${folder}/${TOPOLOGY}: ${(error as Error).message}.`, undefined, {
        cause: error,
      })
    }
  },
})
