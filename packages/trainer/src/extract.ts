import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord, type Model, type TensorRecord } from '@gpdjs/core'
import { momentsOf } from './pipeline/actor.ts'
import { STUDENT, type Pipeline } from './pipeline/pipeline.ts'

/**
 * An actor as a plain network: its view of the run's tensors, computed once. Nothing of the run is left in it, and its
 * outputs are bit for bit those of the actor.
 *
 * @param run the tensors to read: a training state, or the averages of `ema`
 * @returns new tensors, owned by the caller
 */
export function extractActor(
  { actors, constants }: Pick<Pipeline, 'actors' | 'constants'>,
  run: { readonly trainables: TensorRecord; readonly statistics: TensorRecord; readonly states?: TensorRecord },
  name: string = STUDENT,
): Model {
  const actor = actors.find((candidate) => candidate.name === name)
  if (!actor)
    throw new GpdError(
      'plugin.invalid',
      `extractActor: no actor is called '${name}'.`,
      `There are ${actors.map((a) => a.name).join(', ')}.`,
    )
  const all = { ...constants, ...run.states, ...run.trainables }
  const copy = (record: TensorRecord) => mapRecord(record, (tensor) => tf.clone(tensor))
  const tensors = tf.tidy(() => ({
    parameters: copy(actor.parameters(all)),
    statistics: copy(momentsOf(actor, all, run.statistics)),
  }))
  return { network: actor.network, ...tensors }
}
