import { GpdError } from '../errors.ts'
import { fieldKind, shapeKind, type FieldSpec } from '../fields.ts'
import { checkCall, type OpCall } from '../ops/op.ts'
import { fillOptions } from '../options/fill.ts'
import * as kinds from '../options/kinds.ts'
import { needed, optional } from '../options/option.ts'
import type { Shape } from '../shape.ts'
import { defineNetwork, IMAGE, LOGITS, type Network, type NetworkDefinition, type NetworkNode } from './network.ts'

/** Collects the nodes of a network in the order in which they run. */
export interface Graph {
  /**
   * Places an op and returns its id, which is the input name for nodes that read it.
   *
   * @throws GpdError `config.invalid` for anything but a called op
   */
  add(id: string, op: OpCall, ...inputs: readonly string[]): string
  /** Names an intermediate result for losses that read it. */
  tap(name: string, node: string): void
  /** Infers the rest. `outputs` are nodes by the names of their outputs, or the node of the only one, `logits`. */
  build(outputs: string | Readonly<Record<string, string>>): Network
}

const OPTIONS = {
  /** What the network is called. */
  name: needed(kinds.text),
  /** `[height, width, channels]` of the only input, `image`. */
  inputShape: optional(shapeKind),
  /** Inputs by their names, in place of `inputShape`. */
  inputs: optional(kinds.recordOf(fieldKind)),
}

export type GraphOptions =
  | {
      readonly name: string
      /** `[height, width, channels]` of the only input, `image` */
      readonly inputShape: Shape
    }
  | { readonly name: string; readonly inputs: Readonly<Record<string, FieldSpec>> }

/** One image, or inputs of any names. */
function readOptions(options: GraphOptions): Pick<NetworkDefinition, 'name' | 'inputs'> {
  const { name, inputShape, inputs } = fillOptions('graph', OPTIONS, options)
  const image = inputShape && { [IMAGE]: { shape: inputShape, dtype: 'float32' as const } }
  if (image && inputs) {
    throw new GpdError('config.invalid', 'graph: expected inputShape or inputs, got both.', 'Leave one of them out.')
  }
  const given = image ?? inputs
  if (given !== undefined) return { name, inputs: given }
  throw new GpdError(
    'config.missing',
    'graph: expected inputShape or inputs, got neither.',
    `Give inputShape: [height, width, channels] of an image, or inputs by their names.`,
  )
}

/**
 * Starts a network. Nodes read its inputs by their names.
 *
 * @throws GpdError `config.*` for a mistyped option, a value that is not accepted, or unless one of `inputShape` and
 *   `inputs` is given
 * @example
 * const g = graph({ name: 'tiny', inputShape: [28, 28, 1] })
 * let x = g.add('conv1', conv2d({ filters: 8, kernelSize: 3 }), 'image')
 * x = g.add('relu1', relu(), x)
 * const network = g.build(g.add('fc', dense({ units: 10 }), g.add('pool', globalAveragePool(), x)))
 */
export function graph(options: GraphOptions): Graph {
  const { name, inputs } = readOptions(options)
  const nodes: NetworkNode[] = []
  const taps = new Map<string, string>()
  return {
    add(id, op, ...inputs) {
      checkCall(id, op)
      nodes.push({ id, ...op, inputs })
      return id
    },
    tap(name, node) {
      taps.set(name, node)
    },
    build: (ends) => {
      const outputs = typeof ends === 'string' ? { [LOGITS]: ends } : ends
      return defineNetwork({ name, inputs, nodes, outputs, taps: Object.fromEntries(taps) })
    },
  }
}
