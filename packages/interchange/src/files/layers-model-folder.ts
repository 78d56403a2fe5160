import * as tf from '@tensorflow/tfjs'
import { fillOptions, GpdError, type Filled, type Given } from '@gpdjs/core'
import { readModelArtifacts, WARNING_OPTIONS } from '../layers-model/model-artifacts.ts'
import { readSealed, writeSealed, type FolderFormat } from './sealed-folder.ts'
import { withoutSeals } from './sealed-json.ts'

const WEIGHTS = 'weights.bin'

const LAYERS_MODEL: FolderFormat = {
  name: 'a tf.LayersModel',
  index: 'model.json',
  data: [WEIGHTS],
  isIndex: ({ modelTopology, format }) => modelTopology !== undefined && format !== 'graph-model',
}

const folderHandler = (folder: string, options: Filled<typeof WARNING_OPTIONS>): tf.io.IOHandler => ({
  async save({ weightSpecs = [], weightData, ...rest }) {
    if (rest.modelTopology instanceof ArrayBuffer)
      throw new GpdError('config.invalid', 'layersModelFolder: expected a topology in JSON, got bytes.')
    const weightsManifest = [{ paths: [WEIGHTS], weights: weightSpecs }]
    const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData))
    await writeSealed(folder, LAYERS_MODEL, { ...rest, weightsManifest }, { [WEIGHTS]: bytes })
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } }
  },
  load: () =>
    readSealed(folder, LAYERS_MODEL, async ({ text, seals, read }) => {
      const artifacts = await readModelArtifacts(text, { source: `${folder}/${LAYERS_MODEL.index}`, read, ...options })
      return seals ? withoutSeals(artifacts) : artifacts
    }),
})

export type LayersModelFolderOptions = Given<typeof WARNING_OPTIONS>

/**
 * A folder as a place for a `tf.LayersModel`, with the files that `file://` of tfjs-node writes and reads: only that
 * package brings it along, and here it is not needed. All that a model takes along is saved and loaded: the optimizer's
 * weights (`model.save(handler, { includeOptimizer: true })`), `setUserDefinedMetadata`, signatures.
 *
 * Saving is all or nothing; other files of the folder stay. Loading checks the digests that `model.json` has of both
 * files, if this package wrote it, then what is in them, and reads nothing outside the folder (`readModelArtifacts`).
 *
 * @param options.onWarning called if weights are not finite. Default: `console.warn`
 * @throws GpdError `config.*` for options; `output.unwritable`, `checkpoint.missing` or `checkpoint.corrupt`, when used
 * @example
 * await toLayersModel(student).save(layersModelFolder('model'))
 * const loaded = await tf.loadLayersModel(layersModelFolder('model'))
 */
export const layersModelFolder = (folder: string, options: LayersModelFolderOptions = {}): tf.io.IOHandler =>
  folderHandler(folder, fillOptions('layersModelFolder', WARNING_OPTIONS, options))
