import type { OpCall, Shape } from '../ops/op.ts'
import { defineNetwork, type Network, type NetworkNode } from './network.ts'

/** Collects the nodes of a network in the order in which they run. */
export interface Graph {
  /** Places an op and returns the id, to be handed to the nodes that read it. */
  add(id: string, op: OpCall, ...inputs: readonly string[]): string
  /** Names an intermediate result for losses that look at it. */
  tap(name: string, node: string): void
  /** Infers the rest. `output` is the node of the logits. */
  build(output: string): Network
}

/**
 * Starts a network; `'image'` is the id of its input.
 *
 * @param options.inputShape `[height, width, channels]`
 * @example
 * const g = graph({ name: 'tiny', inputShape: [28, 28, 1] })
 * let x = g.add('conv1', conv2d({ filters: 8, kernelSize: 3 }), 'image')
 * x = g.add('relu1', relu(), x)
 * const network = g.build(g.add('fc', dense({ units: 10 }), g.add('pool', globalAveragePool(), x)))
 */
export function graph(options: { readonly name: string; readonly inputShape: Shape }): Graph {
  const nodes: NetworkNode[] = []
  const taps: Record<string, string> = {}
  return {
    add(id, op, ...inputs) {
      nodes.push({ id, ...op, inputs })
      return id
    },
    tap(name, node) {
      taps[name] = node
    },
    build: (output) => defineNetwork({ ...options, nodes, output, taps }),
  }
}
