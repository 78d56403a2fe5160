import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { replaceKernel } from './replace-kernel.ts'

/** A kernel of tfjs-node that gets other attributes, or whose failure is put in words. */
export interface TensorflowGuard {
  readonly name: string
  /** What is wrong without it, one line. */
  readonly repairs: string
  readonly outcome: 'repaired' | 'refused'
  create(stock: tf.KernelFunc): tf.KernelFunc
}

const isDilated = (attrs: tf.NamedAttrMap | undefined) => [attrs?.['dilations'] ?? 1].flat().some((rate) => rate !== 1)

/** TensorFlow itself refuses, on a CPU, and tfjs-node reports a number. */
const refusedIfDilated = (name: string): TensorflowGuard => ({
  name,
  repairs: 'fails with a status number when the filter is dilated',
  outcome: 'refused',
  create: (stock) => (call) => {
    try {
      return stock(call)
    } catch (cause) {
      if (!isDilated(call.attrs)) throw cause
      throw new GpdError(
        'backend.unsupported',
        `tensorflow: TensorFlow did not run ${name} with dilations ${JSON.stringify(call.attrs!['dilations'])}.`,
        "Put zeros between the taps of the filter, or use the backend 'wasm'.",
        { cause },
      )
    }
  },
})

const gatherAxis: TensorflowGuard = {
  name: 'GatherV2',
  repairs: 'throws for a negative axis',
  outcome: 'repaired',
  create:
    (stock) =>
    ({ inputs, attrs, backend }) => {
      const axis = tf.util.parseAxisParam(attrs!['axis'] as number, inputs['x']!.shape)[0]!
      return stock({ inputs, attrs: { ...attrs, axis }, backend })
    },
}

export const tensorflowGuards: readonly TensorflowGuard[] = [refusedIfDilated('Conv3D'), gatherAxis]

/** The backend must be registered; doing it twice changes nothing. */
export function guardTensorflow(): void {
  for (const { name, create } of tensorflowGuards) replaceKernel('tensorflow', name, (stock) => create(stock!))
}
