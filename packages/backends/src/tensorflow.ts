// For Node: what the backend `tensorflow` is made of. `useBackend` imports it when that backend is asked for.
export { loadTensorflow } from './adapters/load-tensorflow.ts'
export { tensorflowDefects } from './kernels/tensorflow/defects.ts'
