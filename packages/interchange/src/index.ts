export { fromTorch, toTorch, type TorchLoad, type TorchTensor } from './torch/torch.ts'
export type { TorchOptions } from './torch/named-layouts.ts'
export { type TorchNames } from './torch/spellings.ts'
export { readModelArtifacts, type ReadModelOptions } from './layers-model/model-artifacts.ts'
export { decodeSafetensors, type DecodeSafetensorsOptions } from './safetensors/decode.ts'
export { encodeSafetensors, type EncodableTensor } from './safetensors/encode.ts'
export type { SafeTensor } from './safetensors/element-types.ts'
export { fromLayersModel, type ConvertedModel, type FromLayersModelOptions } from './layers-model/from-layers-model.ts'
export { toLayersModel } from './layers-model/to-layers-model.ts'
export { fromOnnx, type FromOnnxOptions } from './onnx/from-onnx.ts'
export { toOnnx, type OnnxOptions } from './onnx/to-onnx.ts'
export { loadNetwork, saveNetwork } from './files/saved-network.ts'
export { loadState, saveState, type State } from './files/saved-state.ts'
export { type Plain } from './files/exact-json.ts'
export {
  loadCheckpoint,
  saveCheckpoint,
  type LoadCheckpointOptions,
  type LoadedCheckpoint,
  type SaveCheckpointOptions,
} from './files/checkpoints.ts'
export { listCheckpoints, type Checkpoint } from './files/checkpoint-folders.ts'
export { pointedCheckpoint, pointToCheckpoint } from './files/checkpoint-pointers.ts'
export { loadHeads, saveHeads, type Heads } from './files/saved-heads.ts'
export { layersModelFolder, type LayersModelFolderOptions } from './files/layers-model-folder.ts'
export { writeFolder } from './files/atomic-folder.ts'
export { nodeFiles } from './files/node-modules.ts'
