import { GpdError } from '../errors.ts'
import { didYouMean } from '../suggest.ts'
import * as ops from './index.ts'
import { show } from '../options/show.ts'
import type { OptionTable } from '../options/option.ts'
import type { OpDefinition } from './op.ts'

// Attribute types differ from op to op; the registry relies on it that each op reads only attributes it has written.
type AnyOp = OpDefinition<never>

/** Every op that networks can use without `registerOp`. */
export const builtInOps: readonly { readonly name: string; readonly attributes?: OptionTable }[] = Object.values(ops)

const registry = new Map<string, AnyOp>(builtInOps.map((op) => [op.name, op as unknown as AnyOp]))

/**
 * Makes an op known to networks. Ops of this package are registered already.
 *
 * @throws GpdError `plugin.invalid` for anything but an op, or if another op has that name
 */
export function registerOp<A>(op: OpDefinition<A>): void {
  const { name, infer } = op as Partial<OpDefinition<A>>
  if (typeof name !== 'string' || typeof infer !== 'function') {
    throw new GpdError(
      'plugin.invalid',
      `registerOp: expected an op that defineOp made, got ${show(op)}.`,
      'Give the op itself: relu, not relu().',
    )
  }
  const known = registry.get(op.name)
  if (known !== undefined && known !== (op as AnyOp)) {
    throw new GpdError('plugin.invalid', `registerOp: an op named '${op.name}' exists already.`, 'Choose another name.')
  }
  registry.set(op.name, op as AnyOp)
}

/** @throws GpdError `network.unknown-op` with the nearest known name */
export function findOp(name: string): OpDefinition<Readonly<Record<string, unknown>>> {
  const op = registry.get(name)
  if (op === undefined) {
    throw new GpdError('network.unknown-op', `Unknown op '${name}'.`, didYouMean(name, [...registry.keys()]))
  }
  return op as unknown as OpDefinition<Readonly<Record<string, unknown>>>
}
