import { findOp } from '../ops/registry.ts'
import { segmentRatio, type GroupRatios } from '../axes/axes.ts'
import { fillOptions } from '../options/fill.ts'
import * as kinds from '../options/kinds.ts'
import { option } from '../options/option.ts'
import { defineNetwork, type Network } from './network.ts'
import { networkDefinition } from './saved-network.ts'

/**
 * The same network with more channels in some groups. Only the data changes: shapes and parameters are inferred anew.
 *
 * @param given expansion ratio of each group of `network.groups`; a group that is left out keeps its width
 * @throws GpdError `config.unknown-key` for a group that does not exist, `config.invalid` for a ratio that is no whole number
 */
export function widenNetwork(network: Network, given: GroupRatios): Network {
  const groups = Object.fromEntries(network.groups.map((group) => [group, option(kinds.count, 1)]))
  const ratios = fillOptions('widenNetwork', groups, given)
  const ratioAt = (node: string) => segmentRatio(network.channels[node]![0]!, ratios)
  const nodes = network.nodes.map((node) => {
    const { widen } = findOp(node.op)
    if (widen === undefined) return node
    return {
      ...node,
      attributes: widen(node.attributes, { input: ratioAt(node.inputs[0]!), output: ratioAt(node.id) }),
    }
  })
  return defineNetwork({ ...networkDefinition(network), nodes })
}
