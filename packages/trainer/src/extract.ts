import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord, type Network, type TensorRecord } from '@gpdjs/core'
import { STUDENT, type Pipeline } from './pipeline/pipeline.ts'
import { scopeOf } from './pipeline/scope.ts'

/** A plain network with its own tensors. */
export interface ExtractedNetwork {
  readonly network: Network
  readonly parameters: Record<string, tf.Tensor>
  readonly statistics: Record<string, tf.Tensor>
}

/**
 * An actor as a plain network: its view of the run's tensors, computed once. Nothing of the run is left in it, and its
 * logits are bit for bit those of the actor.
 *
 * @param run the tensors to read: a training state, or the averages of `ema`
 * @returns new tensors, owned by the caller
 */
export function extractActor(
  { actors, constants }: Pick<Pipeline, 'actors' | 'constants'>,
  run: { readonly trainables: TensorRecord; readonly statistics: TensorRecord },
  name: string = STUDENT,
): ExtractedNetwork {
  const actor = actors.find((candidate) => candidate.name === name)
  if (!actor)
    throw new GpdError(
      'plugin.invalid',
      `extractActor: no actor is called '${name}'.`,
      `There are ${actors.map((a) => a.name).join(', ')}.`,
    )
  const statistics = actor.role === 'frozen' ? actor.statistics : scopeOf(name, run.statistics)
  const tensors = tf.tidy(() => ({
    parameters: mapRecord(actor.parameters({ ...constants, ...run.trainables }), (tensor) => tf.clone(tensor)),
    statistics: mapRecord(statistics, (tensor) => tf.clone(tensor)),
  }))
  return { network: actor.network, ...tensors }
}
