import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from '@gpdjs/core'
import type { UpdateContext, Updated } from './optimizer.ts'
import type { RuleNumbers, UpdateRule } from './rule.ts'

/** Inputs of a kernel are named: those of a list get its place and their own. */
const numbered = (list: number, tensors: readonly tf.Tensor[]) =>
  tensors.map((tensor, i) => [`${list}/${i}`, tensor] as const)

/** The update of all tensors by a kernel of the backend, gradients scaled on the way; undefined if it has none. */
export function fusedUpdate(
  { kernel, slots: kinds }: UpdateRule,
  { trainables, gradients: { tensors: gradients, scale }, slots }: UpdateContext,
  numbersOf: (name: string) => RuleNumbers,
): Updated | undefined {
  const names = Object.keys(gradients)
  if (kernel === undefined || names.length === 0) return undefined
  const { rate, step } = numbersOf(names[0]!)
  const slotNames = kinds.map((kind) => names.map((name) => `${name}/${kind}`))
  const lists = [
    Object.values(gradients),
    names.map((name) => trainables[name]!),
    ...slotNames.map((own) => own.map((name) => slots[name]!)),
  ]
  const updated = runExtraKernel(kernel.name, {
    settings: tf.tensor1d([...kernel.settings(rate, step)]),
    scale: scale ?? tf.scalar(1),
    decays: tf.tensor1d(names.map((name) => kernel.decay(numbersOf(name)))),
    ...Object.fromEntries(lists.flatMap((tensors, list) => numbered(list, tensors))),
  })
  if (updated === undefined) return undefined
  /** Results come list by list: the trained tensors, then each kind of slot. */
  const made = (list: number, of: readonly string[]) => of.map((name, i) => [name, updated[list * names.length + i]!])
  return {
    trainables: Object.fromEntries(made(0, names)) as Updated['trainables'],
    slots: Object.fromEntries(slotNames.flatMap((own, kind) => made(kind + 1, own))) as Updated['slots'],
  }
}
