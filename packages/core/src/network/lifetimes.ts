import type * as tf from '@tensorflow/tfjs'
import type { Step } from './plan.ts'

/** Which step reads a value last, by the value's node; computed once per plan. */
const lastReads = new WeakMap<readonly Step[], ReadonlyMap<string, readonly string[]>>()

/** The values that are not read after a step, by that step: among its inputs, or its own result if it is never read. */
function valuesReadLastBy(plan: readonly Step[]): ReadonlyMap<string, readonly string[]> {
  const known = lastReads.get(plan)
  if (known !== undefined) return known
  const lastReader = new Map<string, string>()
  for (const { id, inputs } of plan) for (const value of [id, ...inputs]) lastReader.set(value, id)
  const values = new Map<string, string[]>(plan.map(({ id }) => [id, []]))
  for (const [value, reader] of lastReader) values.get(reader)!.push(value)
  lastReads.set(plan, values)
  return values
}

/**
 * Frees the results of a network's steps once their last reader has run; tensors saved on the tape for gradients are kept.
 *
 * @param values results by node; those freed are taken out
 * @param lasting nodes whose results are returned to the caller
 * @param foreign tensors that belong to the caller, and that an op may return as they are; may grow
 * @returns what to call after each step
 */
export function freeWhenRead(
  plan: readonly Step[],
  values: Map<string, tf.Tensor>,
  lasting: ReadonlySet<string>,
  foreign: ReadonlySet<tf.Tensor>,
): (step: string) => void {
  const readLast = valuesReadLastBy(plan)
  return (step) => {
    for (const name of readLast.get(step)!.filter((value) => !lasting.has(value))) {
      const value = values.get(name)!
      values.delete(name)
      // An op may return its input (dropout outside of training): the same tensor under two names.
      const isNeeded = foreign.has(value) || value.kept || [...values.values()].includes(value)
      if (!isNeeded) value.dispose()
    }
  }
}
