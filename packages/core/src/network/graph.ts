import type { FieldSpec } from '../fields.ts'
import type { OpCall } from '../ops/op.ts'
import type { Shape } from '../shape.ts'
import { defineNetwork, IMAGE, LOGITS, type Network, type NetworkNode } from './network.ts'

/** Collects the nodes of a network in the order in which they run. */
export interface Graph {
  /** Places an op and returns its id, which is the input name for nodes that read it. */
  add(id: string, op: OpCall, ...inputs: readonly string[]): string
  /** Names an intermediate result for losses that read it. */
  tap(name: string, node: string): void
  /** Infers the rest. `outputs` are nodes by the names of their outputs, or the node of the only one, `logits`. */
  build(outputs: string | Readonly<Record<string, string>>): Network
}

export type GraphOptions =
  | {
      readonly name: string
      /** `[height, width, channels]` of the only input, `image` */
      readonly inputShape: Shape
    }
  | { readonly name: string; readonly inputs: Readonly<Record<string, FieldSpec>> }

/**
 * Starts a network. Nodes read its inputs by their names.
 *
 * @example
 * const g = graph({ name: 'tiny', inputShape: [28, 28, 1] })
 * let x = g.add('conv1', conv2d({ filters: 8, kernelSize: 3 }), 'image')
 * x = g.add('relu1', relu(), x)
 * const network = g.build(g.add('fc', dense({ units: 10 }), g.add('pool', globalAveragePool(), x)))
 */
export function graph(options: GraphOptions): Graph {
  const nodes: NetworkNode[] = []
  const taps = new Map<string, string>()
  const inputs =
    'inputs' in options ? options.inputs : { [IMAGE]: { shape: options.inputShape, dtype: 'float32' as const } }
  return {
    add(id, op, ...inputs) {
      nodes.push({ id, ...op, inputs })
      return id
    },
    tap(name, node) {
      taps.set(name, node)
    },
    build: (ends) => {
      const outputs = typeof ends === 'string' ? { [LOGITS]: ends } : ends
      return defineNetwork({ name: options.name, inputs, nodes, outputs, taps: Object.fromEntries(taps) })
    },
  }
}
