import * as tf from '@tensorflow/tfjs'
import { GpdError, kinds, show, type Kind, type Model, type Network } from '@gpdjs/core'
import { fromLayersModel, type ConvertedModel } from '@gpdjs/interchange'

const hasMembers = <T>(value: unknown, ...names: readonly (keyof T & string)[]): value is T =>
  typeof value === 'object' && value !== null && names.every((name) => name in value)

const isNetwork = (value: unknown): value is Network => hasMembers<Network>(value, 'nodes', 'parameters')
const isModel = (value: unknown): value is WeightedModel =>
  hasMembers<WeightedModel>(value, 'network', 'parameters', 'statistics')
/** By its members, for there may be two copies of TensorFlow.js. */
const isLayersModel = (value: unknown): value is tf.LayersModel =>
  hasMembers<tf.LayersModel>(value, 'layers', 'getLayer', 'predict')

/** A model, and the activation that `fromLayersModel` has left out at its end. */
export type WeightedModel = Model & Pick<ConvertedModel, 'activation'>

/** What a network is given as: itself, with its weights, or a `tf.LayersModel`, which is converted. */
export type GivenModel = Network | WeightedModel | tf.LayersModel

export const models: Kind<GivenModel> = kinds.kind(
  'a network such as graph() makes, a model such as fromLayersModel() makes, or a tf.LayersModel',
  (value) => isNetwork(value) || isModel(value) || isLayersModel(value),
)

/** A network, with its weights where it was given with some. */
export interface NamedModel extends Pick<Model, 'network'>, Partial<Omit<WeightedModel, 'network'>> {
  /** What a converted model does not have as it was. */
  readonly notes: readonly string[]
  /** Frees what was made of a `tf.LayersModel`; the caller's own tensors stay. */
  dispose(): void
}

/**
 * A network as it was given, or converted by `fromLayersModel`.
 *
 * @throws GpdError what `fromLayersModel` throws
 */
export function modelOf(given: GivenModel): NamedModel {
  if (isNetwork(given)) return { network: given, notes: [], dispose: () => {} }
  if (isModel(given)) {
    const { network, parameters, statistics, activation } = given
    return { network, parameters, statistics, ...(activation && { activation }), notes: [], dispose: () => {} }
  }
  const model = fromLayersModel(given)
  return { ...model, dispose: () => tf.dispose([model.parameters, model.statistics]) }
}

/**
 * A network with weights.
 *
 * @param where the function that takes it
 * @throws GpdError `config.invalid` for a network without weights, and anything else; what `fromLayersModel` throws
 */
export function trainedModelOf(
  where: string,
  given: WeightedModel | tf.LayersModel,
): WeightedModel & Pick<NamedModel, 'dispose'> {
  if (isModel(given) || isLayersModel(given)) return modelOf(given) as WeightedModel & NamedModel
  const problem = `${where}: expected a model { network, parameters, statistics } or a tf.LayersModel, got ${show(given)}.`
  throw new GpdError('config.invalid', problem, 'Pass a model such as run.student, or what loadNetwork gives.')
}
