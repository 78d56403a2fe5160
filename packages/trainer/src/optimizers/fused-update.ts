import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from '@gpdjs/core'
import type { UpdateContext, Updated } from './optimizer.ts'

/** What a kernel takes beside the tensors; the order of the settings is that of `sgd` and `adamw`. */
interface Numbers {
  readonly settings: readonly number[]
  /** One for each trained tensor. */
  readonly decays: readonly number[]
  /** Where each thing that the optimizer remembers of a tensor is kept. */
  readonly slotsOf: readonly ((name: string) => string)[]
}

/** The update of all tensors by a kernel of the backend, gradients scaled on the way; undefined if it has none. */
export function fusedUpdate(
  kernel: 'MomentumUpdate' | 'AdamUpdate',
  { trainables, gradients, slots }: UpdateContext,
  scale: tf.Scalar | undefined,
  { settings, decays, slotsOf }: Numbers,
): Updated | undefined {
  const names = Object.keys(trainables)
  const inputs = {
    settings: tf.tensor1d([...settings]),
    scale: scale ?? tf.scalar(1),
    decays: tf.tensor1d([...decays]),
    gradients: names.map((name) => gradients[name]!),
    parameters: names.map((name) => trainables[name]!),
  }
  const [first, second] = slotsOf.map((slotOf) => names.map((name) => slots[slotOf(name)]!))
  const updated =
    kernel === 'MomentumUpdate'
      ? runExtraKernel(kernel, { ...inputs, velocities: first! })
      : runExtraKernel(kernel, { ...inputs, firstMoments: first!, secondMoments: second! })
  if (updated === undefined) return undefined
  const made = (list: number, i: number) => updated[list * names.length + i]!
  return {
    trainables: Object.fromEntries(names.map((name, i) => [name, made(0, i)])),
    slots: Object.fromEntries(
      slotsOf.flatMap((slotOf, slot) => names.map((name, i) => [slotOf(name), made(slot + 1, i)] as const)),
    ),
  }
}
