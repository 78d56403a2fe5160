import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from '@gpdjs/core'
import type { UpdateContext, Updated } from './optimizer.ts'

/** What a kernel wants to know beside the tensors; see `ExtraKernel` for the order of the settings. */
interface Numbers {
  readonly settings: readonly number[]
  /** One for each trained tensor. */
  readonly decays: readonly number[]
  /** Where each thing that the optimizer remembers of a tensor is kept. */
  readonly slotsOf: readonly ((name: string) => string)[]
}

/** Inputs of a kernel are named: those of a list get its place and their own. */
const numbered = (list: number, tensors: readonly tf.Tensor[]) =>
  tensors.map((tensor, i) => [`${list}/${i}`, tensor] as const)

/** The update of all tensors by a kernel of the backend, gradients scaled on the way; undefined if it has none. */
export function fusedUpdate(
  kernel: 'MomentumUpdate' | 'AdamUpdate',
  { trainables, gradients, slots }: UpdateContext,
  scale: tf.Scalar | undefined,
  { settings, decays, slotsOf }: Numbers,
): Updated | undefined {
  const names = Object.keys(trainables)
  const lists = [
    names.map((name) => gradients[name]!),
    names.map((name) => trainables[name]!),
    ...slotsOf.map((slotOf) => names.map((name) => slots[slotOf(name)]!)),
  ]
  const updated = runExtraKernel(kernel, {
    settings: tf.tensor1d([...settings]),
    scale: scale ?? tf.scalar(1),
    decays: tf.tensor1d([...decays]),
    ...Object.fromEntries(lists.flatMap((tensors, list) => numbered(list, tensors))),
  })
  if (updated === undefined) return undefined
  const made = (list: number, i: number) => updated[list * names.length + i]!
  return {
    trainables: Object.fromEntries(names.map((name, i) => [name, made(0, i)])),
    slots: Object.fromEntries(
      slotsOf.flatMap((slotOf, slot) => names.map((name, i) => [slotOf(name), made(slot + 1, i)] as const)),
    ),
  }
}
