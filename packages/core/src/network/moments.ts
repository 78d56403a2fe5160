import { GpdError } from '../errors.ts'
import { outputNode, tapNode } from './ends.ts'
import type { Network } from './network.ts'
import { neededNodes } from './plan.ts'

/** What is computed, and whose it is. */
export interface ComputedEnds {
  /** Names of outputs. Default all. */
  readonly outputs?: readonly string[]
  /** Taps, or ids of nodes. Default none. */
  readonly taps?: readonly string[]
  /** For messages. Default the network's name. */
  readonly owner?: string
}

/**
 * Checks that every node that is computed in training has more than one value per channel to take moments of, as PyTorch does
 * ("Expected more than 1 value per channel when training"). One value alone is its own mean: the node would put out its shift,
 * whatever it reads, and nothing in front of it would get a gradient.
 *
 * @param samples in a batch
 * @throws GpdError `config.invalid` naming the node
 * @example checkMoments(network, 1) // throws for a batch norm behind a dense layer
 */
export function checkMoments(network: Network, samples: number, ends: ComputedEnds = {}): void {
  const { momentsOver, shapes } = network
  const valuesAt = (id: string) => samples * (momentsOver[id] ?? Infinity)
  if (!Object.keys(momentsOver).some((id) => valuesAt(id) <= 1)) return
  const { outputs = Object.keys(network.outputs), taps = [], owner = network.name } = ends
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
