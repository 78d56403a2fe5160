import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from '@gpdjs/core'
import type { UpdateContext, Updated } from './optimizer.ts'

interface Numbers {
  /** Learning rate, momentum, nesterov, decoupled. */
  readonly settings: readonly number[]
  /** Weight decay of each trained tensor. */
  readonly decays: readonly number[]
  /** Where the velocity of a tensor is kept. */
  readonly velocityOf: (name: string) => string
}

const numbered = (kind: string, tensors: readonly tf.Tensor[]) =>
  Object.fromEntries(tensors.map((tensor, i) => [`${kind}${i}`, tensor]))

/** SGD of all tensors by the kernel `MomentumUpdate` of the backend; undefined if it has none. */
export function momentumUpdate(
  { trainables, gradients, slots }: UpdateContext,
  scale: tf.Scalar | undefined,
  { settings, decays, velocityOf }: Numbers,
): Updated | undefined {
  const names = Object.keys(trainables)
  const updated = runExtraKernel('MomentumUpdate', {
    settings: tf.tensor1d([...settings]),
    scale: scale ?? tf.scalar(1),
    decays: tf.tensor1d([...decays]),
    ...numbered(
      'gradient',
      names.map((name) => gradients[name]!),
    ),
    ...numbered(
      'parameter',
      names.map((name) => trainables[name]!),
    ),
    ...numbered(
      'velocity',
      names.map((name) => slots[velocityOf(name)]!),
    ),
  })
  if (updated === undefined) return undefined
  return {
    trainables: Object.fromEntries(names.map((name, i) => [name, updated[i]!])),
    slots: Object.fromEntries(names.map((name, i) => [velocityOf(name), updated[names.length + i]!])),
  }
}
