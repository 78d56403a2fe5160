import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import type { TensorRecord } from '../tensor-ops/tensor-record.ts'
import type { Model } from './model.ts'
import type { Network } from './network.ts'

/** @throws GpdError `network.invalid` naming the first parameter or statistic without a tensor */
export function checkTensors({ parameters, statistics }: Network, tensors: TensorRecord, caller: string): void {
  const missing = [...parameters, ...statistics].find(({ name }) => tensors[name] === undefined)
  if (missing === undefined) return
  throw new GpdError(
    'network.invalid',
    `${caller}: no tensor for '${missing.name}'.`,
    'Pass every parameter and statistic of the network.',
  )
}

/** A network with copies of those of the tensors that are its own. */
export function withOwnTensors(network: Network, compute: () => TensorRecord): Model {
  const specs = [...network.parameters, ...network.statistics]
  const own = tf.tidy(() => {
    const tensors = compute()
    return Object.fromEntries(specs.map(({ name }) => [name, tf.clone(tensors[name]!)]))
  })
  const pick = (names: readonly { readonly name: string }[]) =>
    Object.fromEntries(names.map(({ name }) => [name, own[name]!]))
  return { network, parameters: pick(network.parameters), statistics: pick(network.statistics) }
}
