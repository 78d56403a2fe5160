import type * as tf from '@tensorflow/tfjs'
import type { Network } from './network.ts'

/** Which node reads a value last, by the value's node; computed once per network. */
const lastReads = new WeakMap<Network, ReadonlyMap<string, readonly string[]>>()

/** The values that nobody reads after a node has run, by that node: its inputs, or its own result if nobody reads it. */
function valuesReadLastBy(network: Network): ReadonlyMap<string, readonly string[]> {
  const known = lastReads.get(network)
  if (known !== undefined) return known
  const lastReader = new Map<string, string>()
  for (const { id, inputs } of network.nodes) for (const value of [id, ...inputs]) lastReader.set(value, id)
  const values = new Map<string, string[]>(network.nodes.map(({ id }) => [id, []]))
  for (const [value, reader] of lastReader) values.get(reader)!.push(value)
  lastReads.set(network, values)
  return values
}

/**
 * Frees the results of a network's nodes once their last reader has run; what the tape has saved for gradients lives on.
 *
 * @param values results by node; those freed are taken out
 * @param lasting nodes whose results are handed out
 * @param foreign tensors that belong to somebody else, and that an op may return as they are; may grow
 * @returns what to call after each node
 */
export function freeWhenRead(
  network: Network,
  values: Map<string, tf.Tensor>,
  lasting: ReadonlySet<string>,
  foreign: ReadonlySet<tf.Tensor>,
): (node: string) => void {
  const readLast = valuesReadLastBy(network)
  return (node) => {
    for (const name of readLast.get(node)!.filter((value) => !lasting.has(value))) {
      const value = values.get(name)!
      values.delete(name)
      // An op may hand on its input (dropout outside of training): the same tensor under two names.
      const isNeeded = foreign.has(value) || value.kept || [...values.values()].includes(value)
      if (!isNeeded) value.dispose()
    }
  }
}
