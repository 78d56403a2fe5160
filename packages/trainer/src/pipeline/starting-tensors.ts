import * as tf from '@tensorflow/tfjs'
import { GpdError, kinds, mapRecord, type Kind, type TensorRecord } from '@gpdjs/core'

/** Parameters or statistics, each name with its tensor. */
export const tensorRecords: Kind<TensorRecord> = kinds.recordOf(
  kinds.objectWith<tf.Tensor>('a tensor', 'shape', 'dtype'),
)

const FIX = 'Give tensors of the same networks, made with the same options.'

/** A copy of given tensors, checked against the network; or fresh ones. */
export function startingTensors(
  kind: string,
  given: TensorRecord | undefined,
  specs: readonly { readonly name: string; readonly shape: readonly number[] }[],
  fresh: () => Record<string, tf.Tensor>,
): Record<string, tf.Tensor> {
  if (given === undefined) return fresh()
  const unexpected = Object.keys(given).filter((name) => !specs.some((spec) => spec.name === name))
  const wrong = specs.find(({ name, shape }) => given[name]?.shape.join() !== shape.join())
  if (wrong) {
    const found = given[wrong.name] ? `[${given[wrong.name]!.shape.join(', ')}]` : 'nothing'
    throw new GpdError(
      'checkpoint.incompatible',
      `${kind}: expected '${wrong.name}' of shape [${wrong.shape.join(', ')}], got ${found}.`,
      FIX,
    )
  }
  if (unexpected.length > 0)
    throw new GpdError(
      'checkpoint.incompatible',
      `${kind}: expected no '${unexpected[0]}' (${unexpected.length} such tensors).`,
      FIX,
    )
  return mapRecord(given, (tensor) => tf.clone(tensor))
}
