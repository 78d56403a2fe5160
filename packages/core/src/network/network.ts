import { GpdError } from '../errors.ts'
import { findOp } from '../ops/registry.ts'
import type { Inferred, OpCall, Shape } from '../ops/op.ts'
import { didYouMean } from '../suggest.ts'
import type { ChannelLayout } from './axes.ts'
import { ChannelGroups } from './channel-groups.ts'
import { axesShape, type ParameterSpec, type StatisticSpec } from './parameters.ts'

/** The id under which nodes refer to the network's input. */
export const IMAGE = 'image'

export interface NetworkNode extends OpCall {
  readonly id: string
  readonly inputs: readonly string[]
}

/** A network as plain data: this is what is saved as JSON, and all that is needed to build it again. */
export interface NetworkDefinition {
  readonly name: string
  /** `[height, width, channels]` */
  readonly inputShape: Shape
  /** Every node after the nodes it reads. */
  readonly nodes: readonly NetworkNode[]
  /** Node whose output are the logits, `[batch, classes]`. */
  readonly output: string
  /** Names under which losses find intermediate results. */
  readonly taps: Readonly<Record<string, string>>
}

/** A definition with everything that follows from it. */
export interface Network extends NetworkDefinition {
  readonly classes: number
  /** Shape of each node's output, without the batch axis. */
  readonly shapes: Readonly<Record<string, Shape>>
  /** Channel groups along the last axis of each node's output. */
  readonly channels: Readonly<Record<string, ChannelLayout>>
  /** Groups that can be expanded: all but those of the image and the logits. */
  readonly groups: readonly string[]
  readonly parameters: readonly ParameterSpec[]
  readonly statistics: readonly StatisticSpec[]
  /** Multiply-adds of one forward pass for one sample; FLOPs are twice that. */
  readonly multiplyAdds: number
}

type Flow = Pick<Inferred, 'shape' | 'channels'>

function checkInputs(node: NetworkNode, known: ReadonlyMap<string, Flow>): Flow[] {
  const [least, most] = findOp(node.op).arity ?? [1, 1]
  if (node.inputs.length < least || node.inputs.length > most) {
    const wanted = most === Infinity ? `at least ${least}` : `${least}`
    throw new GpdError(
      'network.invalid',
      `Node '${node.id}' (${node.op}): expected ${wanted} inputs, got ${node.inputs.length}.`,
    )
  }
  return node.inputs.map((input) => {
    const flow = known.get(input)
    if (flow !== undefined) return flow
    const nodes = [...known.keys()].reverse().slice(0, 20)
    throw new GpdError(
      'network.invalid',
      `Node '${node.id}' reads '${input}', which is not defined before it.`,
      didYouMean(input, nodes),
    )
  })
}

function checkEnds(definition: NetworkDefinition, flows: ReadonlyMap<string, Flow>): number {
  const output = flows.get(definition.output)
  if (output === undefined || output.shape.length !== 1) {
    const found = output === undefined ? 'no such node' : `shape [batch, ${output.shape.join(', ')}]`
    throw new GpdError(
      'network.invalid',
      `Network '${definition.name}': expected logits [batch, classes] at '${definition.output}', got ${found}.`,
    )
  }
  for (const [tap, node] of Object.entries(definition.taps)) {
    if (!flows.has(node)) {
      throw new GpdError(
        'network.invalid',
        `Tap '${tap}' of network '${definition.name}' names the node '${node}', which does not exist.`,
      )
    }
  }
  return output.shape[0]!
}

/**
 * Checks a definition and infers shapes, channel groups, parameters and statistics.
 *
 * @throws GpdError `network.invalid`, `network.shape` or `network.unknown-op`, naming the node
 */
export function defineNetwork(definition: NetworkDefinition): Network {
  const groups = new ChannelGroups()
  const image = groups.start(IMAGE, definition.inputShape.at(-1)!)
  groups.fix(image)
  const flows = new Map<string, Flow>([[IMAGE, { shape: definition.inputShape, channels: image }]])
  const inferred: { id: string; result: Inferred }[] = []
  for (const node of definition.nodes) {
    if (flows.has(node.id))
      throw new GpdError('network.invalid', `Two nodes are called '${node.id}'.`, 'Names must be unique.')
    const inputs = checkInputs(node, flows)
    const result = findOp(node.op).infer({ node: node.id, attributes: node.attributes, inputs, groups })
    flows.set(node.id, result)
    inferred.push({ id: node.id, result })
  }
  const classes = checkEnds(definition, flows)
  groups.fix(flows.get(definition.output)!.channels)

  // Groups have their final names only now that every tie is known.
  const resolve = <P extends { readonly name: string; readonly axes: ParameterSpec['axes'] }>(
    id: string,
    entry: P,
  ) => ({
    ...entry,
    name: `${id}.${entry.name}`,
    axes: entry.axes.map((axis) => ({ ...axis, segments: groups.resolve(axis.segments) })),
    shape: axesShape(entry.axes),
  })
  return {
    ...definition,
    classes,
    shapes: Object.fromEntries([...flows].map(([id, { shape }]) => [id, shape])),
    channels: Object.fromEntries([...flows].map(([id, { channels }]) => [id, groups.resolve(channels)])),
    groups: groups.expandable(),
    parameters: inferred.flatMap(({ id, result }) => (result.parameters ?? []).map((entry) => resolve(id, entry))),
    statistics: inferred.flatMap(({ id, result }) => (result.statistics ?? []).map((entry) => resolve(id, entry))),
    multiplyAdds: inferred.reduce((sum, { result }) => sum + (result.multiplyAdds ?? 0), 0),
  }
}

/** The part of a network that is data: what to save. */
export function networkDefinition({ name, inputShape, nodes, output, taps }: Network): NetworkDefinition {
  return { name, inputShape, nodes, output, taps }
}

/**
 * The definition of a saved network, checked.
 *
 * @throws GpdError `checkpoint.corrupt` if it is not a network definition
 */
export function parseNetwork(json: unknown, source: string): Network {
  const candidate = json as Partial<NetworkDefinition> | null
  const wellFormed =
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof candidate.name === 'string' &&
    typeof candidate.output === 'string' &&
    Array.isArray(candidate.inputShape) &&
    Array.isArray(candidate.nodes) &&
    candidate.nodes.every(
      (node) => typeof node?.id === 'string' && typeof node.op === 'string' && Array.isArray(node.inputs),
    )
  if (!wellFormed) {
    throw new GpdError(
      'checkpoint.corrupt',
      `${source}: expected a network definition (name, inputShape, nodes, output, taps).`,
    )
  }
  return defineNetwork({ taps: {}, ...candidate } as NetworkDefinition)
}
