import type { TensorRecord } from '../tensor-ops/tensor-record.ts'
import type { Network } from './network.ts'

/** A network with its tensors: all that is needed to compute with it. */
export interface Model {
  readonly network: Network
  /** One tensor for each of `network.parameters`, by name. */
  readonly parameters: TensorRecord
  /** One tensor for each of `network.statistics`, by name. */
  readonly statistics: TensorRecord
}
