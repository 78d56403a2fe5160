export { backendNames, useBackend } from './use-backend.ts'
export {
  type BackendAdapter,
  type BackendChoice,
  type BackendName,
  type BackendOptions,
  type BackendReport,
  type FailedBackend,
  type LoadedBackend,
} from './adapters/adapter.ts'
export { repairGradients } from './kernels/gradients/index.ts'
