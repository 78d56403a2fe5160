import { checkArgument } from '../options/fill.ts'
import { objectWith } from '../options/scalars.ts'
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

const models = objectWith<Model>('{ network, parameters, statistics }', 'network', 'parameters', 'statistics')

/**
 * @param where the function that takes the model
 * @throws GpdError `config.invalid` for anything else, such as a network without its tensors
 */
export const checkModel = (where: string, model: unknown): Model => checkArgument(where, 'model', models, model)
