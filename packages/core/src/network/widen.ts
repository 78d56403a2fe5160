import { findOp } from '../ops/registry.ts'
import { segmentRatio, type GroupRatios } from './axes.ts'
import { defineNetwork, type Network } from './network.ts'
import { networkDefinition } from './saved-network.ts'

/**
 * The same network with more channels in some groups. Only the data changes: shapes and parameters are inferred anew.
 *
 * @param ratios expansion ratio of each group of `network.groups`
 */
export function widenNetwork(network: Network, ratios: GroupRatios): Network {
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
