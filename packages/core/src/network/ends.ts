import { GpdError } from '../errors.ts'
import type { FieldSpec } from '../fields.ts'
import { didYouMean } from '../suggest.ts'
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

function namedNode(names: Readonly<Record<string, string>>, name: string, what: string): string {
  if (Object.hasOwn(names, name)) return names[name]!
  throw new GpdError('network.invalid', `${what} '${name}'.`, didYouMean(name, Object.keys(names)))
}

/** @throws GpdError `network.invalid` with the outputs that exist */
export const outputNode = ({ name, outputs }: Network, output: string): string =>
  namedNode(outputs, output, `Network '${name}' has no output`)

/**
 * The node of a tap; every node is a tap of its own name.
 *
 * @throws GpdError `network.invalid` with the taps that exist
 */
export const tapNode = ({ name, taps, shapes }: Network, tap: string): string =>
  Object.hasOwn(taps, tap) || !Object.hasOwn(shapes, tap) ? namedNode(taps, tap, `Network '${name}' has no tap`) : tap
