import { GpdError } from '../errors.ts'
import { fillOptions } from '../options/fill.ts'
import * as kinds from '../options/kinds.ts'
import { option, optional, type Given } from '../options/option.ts'
import { outputNode, tapNode } from './ends.ts'
import type { Network } from './network.ts'
import { neededNodes } from './plan.ts'

const names = kinds.listOf(kinds.text, { least: 0, expected: 'a list of names' })

/** What is computed, and whose it is. */
const OPTIONS = {
  /** Names of outputs (default: all). */
  outputs: optional(names),
  /** Taps, or ids of nodes (default: none). */
  taps: option(names, []),
  /** For messages (default: the network's name). */
  owner: optional(kinds.text),
}

export type ComputedEnds = Given<typeof OPTIONS>

/**
 * Checks that every node that is computed in training has more than one value per channel to take moments of, as PyTorch does
 * ("Expected more than 1 value per channel when training"). One value alone is its own mean: the node would put out its shift,
 * whatever it reads, and nothing in front of it would get a gradient.
 *
 * @param samples in a batch
 * @throws GpdError `config.invalid` naming the node
 * @example checkMoments(network, 1) // throws for a batch norm behind a dense layer
 */
export function checkMoments(network: Network, samples: number, options: ComputedEnds = {}): void {
  const ends = fillOptions('checkMoments', OPTIONS, options)
  const { momentsOver, shapes } = network
  const valuesAt = (id: string) => samples * (momentsOver[id] ?? Infinity)
  if (!Object.keys(momentsOver).some((id) => valuesAt(id) <= 1)) return
  const { outputs = Object.keys(network.outputs), taps, owner = network.name } = ends
  const wanted = [...outputs.map((name) => outputNode(network, name)), ...taps.map((tap) => tapNode(network, tap))]
  const node = neededNodes(network, new Set(wanted)).find(({ id }) => valuesAt(id) <= 1)
  if (node === undefined) return
  const found = `got ${valuesAt(node.id)} in a batch of [${[samples, ...shapes[node.id]!].join(', ')}]`
  throw new GpdError(
    'config.invalid',
    `Node '${node.id}' (${node.op}) of '${owner}' normalizes by the moments of a batch: expected more than one value per channel, ${found}.`,
    'Use a larger batch (accumulated batches are normalized one by one), or another norm, such as layerNorm().',
  )
}
