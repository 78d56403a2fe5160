export { backendNames, useBackend } from './use-backend.ts'
export type {
  BackendAdapter,
  BackendChoice,
  BackendName,
  BackendOptions,
  BackendReport,
  FailedBackend,
  LoadedBackend,
} from './adapter.ts'
