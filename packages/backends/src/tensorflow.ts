// For Node: the parts of the backend `tensorflow`. `useBackend` imports this file when that backend is chosen.
export { loadTensorflow } from './adapters/load-tensorflow.ts'
export { tensorflowDefects } from './kernels/tensorflow/defects.ts'
