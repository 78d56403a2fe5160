import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord, type TensorRecord } from '@gpdjs/core'

/** A copy of given tensors, checked against what the network wants; or fresh ones. */
export function startingTensors(
  kind: 'parameters' | 'statistics',
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
    )
  }
  if (unexpected.length > 0)
    throw new GpdError(
      'checkpoint.incompatible',
      `${kind}: the student has no '${unexpected[0]}' (${unexpected.length} such tensors).`,
    )
  return mapRecord(given, (tensor) => tf.clone(tensor))
}
