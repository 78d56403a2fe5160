import type { Model } from '@gpdjs/core'
import { layersModelFolder, saveNetwork, toLayersModel, toOnnx, writeFolder } from '@gpdjs/interchange'
import type { Metadata } from './metadata.ts'

/** What a student can be written as. */
export interface Format {
  /** Whether it can be trained on, so that it takes what training gives it; other files are for use. */
  readonly trainable: boolean
  /** Whether batch normalizations become part of the kernels unless something else is asked for. */
  readonly folds: boolean
  /** Names of its files. */
  readonly files: readonly string[]
  write(folder: string, model: Model, metadata: Metadata): Promise<void>
}

export const FORMATS: Readonly<Record<string, Format>> = {
  safetensors: {
    trainable: true,
    folds: false,
    files: ['network.json', 'weights.safetensors'],
    write: saveNetwork,
  },
  'layers-model': {
    trainable: false,
    folds: false,
    files: ['model.json', 'weights.bin'],
    async write(folder, model, metadata) {
      const layers = toLayersModel(model)
      layers.setUserDefinedMetadata(metadata)
      await layers.save(layersModelFolder(folder)).finally(() => void layers.dispose())
    },
  },
  onnx: {
    trainable: false,
    // Runtimes of ONNX gain by it.
    folds: true,
    files: ['model.onnx'],
    async write(folder, model, metadata) {
      await writeFolder(folder, { 'model.onnx': await toOnnx(model, { foldBatchNorm: false, metadata }) })
    },
  },
}
