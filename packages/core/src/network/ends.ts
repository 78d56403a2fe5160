import { GpdError } from '../errors.ts'
import type { FieldSpec } from '../fields.ts'
import type { Network } from './network.ts'

function sole<T>(entries: Readonly<Record<string, T>>, kind: string, { name }: Network, caller: string): [string, T] {
  const [first, ...more] = Object.entries(entries)
  if (first !== undefined && more.length === 0) return first
  throw new GpdError(
    'network.invalid',
    `${caller}: expected a network with one ${kind}, '${name}' has ${Object.keys(entries).join(', ')}.`,
  )
}

/**
 * Name and kind of the only input.
 *
 * @param caller for messages: the name of the function that handles one input only
 * @throws GpdError `network.invalid` naming the inputs if there are several
 */
export const soleInput = (network: Network, caller: string): [name: string, spec: FieldSpec] =>
  sole(network.inputs, 'input', network, caller)

/**
 * Name and node of the only output.
 *
 * @throws GpdError `network.invalid` naming the outputs if there are several
 */
export const soleOutput = (network: Network, caller: string): [name: string, node: string] =>
  sole(network.outputs, 'output', network, caller)
