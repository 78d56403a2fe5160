import { GpdError } from '../errors.ts'
import { namePattern, type NamePattern } from '../name-pattern.ts'
import { fillOptions } from '../options/fill.ts'
import * as kinds from '../options/kinds.ts'
import { optional, type Given } from '../options/option.ts'
import { didYouMean } from '../suggest.ts'
import { defineNetwork, type Network, type NetworkNode } from './network.ts'
import { networkDefinition } from './saved-network.ts'

const OPTIONS = {
  /**
   * `evaluation`: in training too the nodes compute as in evaluation. Batch norms normalize by their moving moments and leave
   * them as they are, as Keras has it; dropout passes everything on (default: moments of the batch, and the moving ones
   * follow, as TensorFlow.js and PyTorch have it).
   */
  mode: optional(kinds.oneOf('evaluation')),
}

export type FreezeOptions = Given<typeof OPTIONS>

type Patterns = NamePattern | readonly NamePattern[]

const listed = (patterns: Patterns): readonly NamePattern[] =>
  Array.isArray(patterns) ? (patterns as readonly NamePattern[]) : [patterns as NamePattern]

/**
 * What matches, of the nodes that may be frozen: those with parameters.
 *
 * @throws GpdError `config.invalid` for a pattern without such a node
 */
function chosen(caller: string, network: Network, patterns: Patterns): (name: string) => boolean {
  const owners = [...new Set(network.parameters.map(({ node }) => node))]
  const matchers = listed(patterns).map((pattern) => ({ pattern, matches: namePattern(pattern) }))
  const idle = matchers.find(({ matches }) => !owners.some(matches))
  if (idle !== undefined) {
    const found = typeof idle.pattern === 'string' ? `'${idle.pattern}'` : 'the function'
    throw new GpdError(
      'config.invalid',
      `${caller}: expected patterns of nodes with parameters, but ${found} matches none of '${network.name}'.`,
      typeof idle.pattern === 'string' ? didYouMean(idle.pattern, owners) : `There are ${owners.join(', ')}.`,
    )
  }
  return (name) => matchers.some(({ matches }) => matches(name))
}

const changed = (network: Network, change: (node: NetworkNode) => NetworkNode): Network =>
  defineNetwork({ ...networkDefinition(network), nodes: network.nodes.map(change) })

/**
 * The same network with frozen nodes: training never moves their parameters, whatever optimizer, weight decay or teacher a run
 * has, and no gradient of them is computed. In a dynamic teacher what a frozen parameter is read from is frozen too, and
 * frozen nodes get no branches. The mark is a part of the network: it is saved with it.
 *
 * @param patterns node ids, in which `*` stands for any characters, or functions of the id
 * @throws GpdError `config.invalid` for a pattern that matches no node with parameters; `config.unknown-key`
 * @example
 * const student = freeze(createNetwork('resnet20', { classes: 10 }), ['conv1', 'bn1', 'layer1.*'])
 * @example freeze(network, (id) => id !== 'fc', { mode: 'evaluation' }) // features by a trained network, a new head
 */
export function freeze(network: Network, patterns: Patterns, options: FreezeOptions = {}): Network {
  const { mode } = fillOptions('freeze', OPTIONS, options)
  const isChosen = chosen('freeze', network, patterns)
  const owners = new Set(network.parameters.map(({ node }) => node))
  return changed(network, (node) =>
    isChosen(node.id) ? { ...node, ...(owners.has(node.id) && { trainable: false }), ...(mode && { mode }) } : node,
  )
}

/**
 * The same network with nodes that train again, and compute as the whole network does.
 *
 * @param patterns as for `freeze` (default: all nodes)
 * @throws GpdError `config.invalid` for a pattern that matches no node with parameters
 * @example unfreeze(freeze(network, '*'), 'fc') // only the head is trained
 */
export function unfreeze(network: Network, patterns: Patterns = () => true): Network {
  const isChosen = chosen('unfreeze', network, patterns)
  return changed(network, (node) => {
    const { trainable: _, mode: __, ...plain } = node
    return isChosen(node.id) ? plain : node
  })
}
