import * as tf from '@tensorflow/tfjs'
import { fillOptions, type Filled, type Given } from '@gpdjs/core'
import { readModelArtifacts, WARNING_OPTIONS } from '../layers-model/model-artifacts.ts'
import { readFileOf, writeFolder } from './atomic-folder.ts'

const [TOPOLOGY, WEIGHTS] = ['model.json', 'weights.bin'] as const

const folderHandler = (folder: string, options: Filled<typeof WARNING_OPTIONS>): tf.io.IOHandler => ({
  async save({ modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy }) {
    const weightsManifest = [{ paths: [WEIGHTS], weights: weightSpecs }]
    await writeFolder(folder, {
      [TOPOLOGY]: JSON.stringify({ modelTopology, format, generatedBy, convertedBy, weightsManifest }),
      [WEIGHTS]: new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)),
    })
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } }
  },
  async load() {
    const text = new TextDecoder().decode(await readFileOf(folder, TOPOLOGY))
    const read = (name: string) => readFileOf(folder, name)
    return readModelArtifacts(text, { source: `${folder}/${TOPOLOGY}`, read, ...options })
  },
})

export type LayersModelFolderOptions = Given<typeof WARNING_OPTIONS>

/**
 * A folder as a place for a `tf.LayersModel`, with the files that `file://` of tfjs-node writes and reads: only that
 * package brings it along, and here it is not needed. Saving is all or nothing and replaces the folder. Loading checks the
 * file first and reads nothing outside the folder (`readModelArtifacts` of `@gpdjs/core`).
 *
 * @param options.onWarning called if weights are not finite. Default: `console.warn`
 * @throws GpdError `config.*` for options; `output.unwritable`, `checkpoint.missing` or `checkpoint.corrupt`, when used
 * @example
 * await toLayersModel(network, parameters, statistics).save(layersModelFolder('model'))
 * const model = await tf.loadLayersModel(layersModelFolder('model'))
 */
export const layersModelFolder = (folder: string, options: LayersModelFolderOptions = {}): tf.io.IOHandler =>
  folderHandler(folder, fillOptions('layersModelFolder', WARNING_OPTIONS, options))
