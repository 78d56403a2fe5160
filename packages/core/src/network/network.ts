import { GpdError } from '../errors.ts'
import type { FieldSpec } from '../fields.ts'
import { findOp } from '../ops/registry.ts'
import { fillAttributes, type InferContext, type Inferred, type OpCall } from '../ops/op.ts'
import type { Shape } from '../shape.ts'
import { didYouMean } from '../suggest.ts'
import type { ChannelLayout } from '../axes/axes.ts'
import { ChannelGroups } from '../axes/channel-groups.ts'
import { axesShape, type ParameterSpec, type StatisticSpec } from '../axes/parameters.ts'
import { Bounds, checkInput, checkNames } from './bounds.ts'

/** Name of the input of networks whose only input is an image. */
export const IMAGE = 'image'
/** Name of the output of networks that score classes. */
export const LOGITS = 'logits'

export interface NetworkNode extends OpCall {
  readonly id: string
  readonly inputs: readonly string[]
  /** False for a frozen node: training never moves its parameters; see `freeze`. Default true. */
  readonly trainable?: boolean
  /**
   * `evaluation`: in training too the node computes as it does in evaluation, by moving moments that stay as they are, and
   * without dropout. Default: as the whole network does.
   */
  readonly mode?: 'evaluation'
}

/** A network as plain data: this is what is saved as JSON, and all that is needed to build it again. */
export interface NetworkDefinition {
  readonly name: string
  /** What it reads; nodes refer to an input by its name. */
  readonly inputs: Readonly<Record<string, FieldSpec>>
  /** Every node after the nodes it reads. */
  readonly nodes: readonly NetworkNode[]
  /** What others rely on: nodes by the names of outputs. Their channels keep their number in every expansion. */
  readonly outputs: Readonly<Record<string, string>>
  /** Names under which losses find intermediate results. */
  readonly taps: Readonly<Record<string, string>>
}

/** A definition with everything that follows from it. */
export interface Network extends NetworkDefinition {
  /** Shape of each input and each node's output, without the batch axis. */
  readonly shapes: Readonly<Record<string, Shape>>
  /** Channel groups along the last axis of each input and each node's output. */
  readonly channels: Readonly<Record<string, ChannelLayout>>
  /** Groups that can be expanded: all but those of inputs and outputs. */
  readonly groups: readonly string[]
  readonly parameters: readonly ParameterSpec[]
  readonly statistics: readonly StatisticSpec[]
  /** Multiply-adds of each node for one sample, where they count; FLOPs are twice that. */
  readonly multiplyAdds: Readonly<Record<string, number>>
  /** Nodes that take moments of the batch in training: how many values of a channel one sample has. */
  readonly momentsOver: Readonly<Record<string, number>>
}

/** Multiply-adds of one forward pass for one sample. */
export const countMultiplyAdds = ({ multiplyAdds }: Network): number =>
  Object.values(multiplyAdds).reduce((sum, n) => sum + n, 0)

type Flow = InferContext<object>['inputs'][number]

function checkInputs(node: NetworkNode, known: ReadonlyMap<string, Flow>): Flow[] {
  const { arity: [least, most] = [1, 1], dtype = 'float32' } = findOp(node.op)
  if (node.inputs.length < least || node.inputs.length > most) {
    const wanted = most === Infinity ? `at least ${least}` : `${least}`
    throw new GpdError(
      'network.invalid',
      `Node '${node.id}' (${node.op}): expected ${wanted} inputs, got ${node.inputs.length}.`,
    )
  }
  return node.inputs.map((input) => {
    const flow = known.get(input)
    if (flow !== undefined && flow.dtype !== dtype) {
      throw new GpdError(
        'network.invalid',
        `Node '${node.id}' (${node.op}): expected ${dtype} numbers, but '${input}' is ${flow.dtype}.`,
        flow.dtype === 'int32' ? 'Turn them into channels first, by embedding().' : undefined,
      )
    }
    if (flow !== undefined) return flow
    const nodes = [...known.keys()].reverse().slice(0, 20)
    throw new GpdError(
      'network.invalid',
      `Node '${node.id}' reads '${input}', which is not defined before it.`,
      didYouMean(input, nodes),
    )
  })
}

/**
 * With every attribute that is left out at its default, and without other entries that are at theirs, so that what is saved
 * does not depend on how it was written.
 */
function plainNode({ trainable, mode, ...node }: NetworkNode): NetworkNode {
  const attributes = fillAttributes(`Node '${node.id}' (${node.op})`, findOp(node.op), node.attributes)
  return { ...node, attributes, ...(trainable === false && { trainable }), ...(mode !== undefined && { mode }) }
}

/** What flows from an input: channels of its own that no expansion touches, or none in whole numbers. */
function inputFlow(name: string, spec: FieldSpec, groups: ChannelGroups): Flow {
  checkInput(name, spec)
  const { shape, dtype, size } = spec
  const width = shape.at(-1) ?? 1
  const channels = dtype === 'int32' ? [{ size: width, group: null, repeat: 1 }] : groups.start(name, width)
  groups.fix(channels)
  return { shape, channels, dtype, ...(size !== undefined && { size }) }
}

function checkEnds({ name, inputs, outputs, taps }: NetworkDefinition, flows: ReadonlyMap<string, Flow>): void {
  for (const [kind, ends] of Object.entries({ input: inputs, output: outputs })) {
    if (Object.keys(ends).length > 0) continue
    throw new GpdError('network.invalid', `Network '${name}': expected at least one ${kind}, got none.`)
  }
  for (const [kind, nodes] of Object.entries({ Output: outputs, Tap: taps })) {
    for (const [end, node] of Object.entries(nodes)) {
      if (flows.has(node)) continue
      throw new GpdError(
        'network.invalid',
        `${kind} '${end}' of network '${name}' names the node '${node}', which does not exist.`,
        didYouMean(node, [...flows.keys()].slice(-20)),
      )
    }
  }
}

/**
 * Checks a definition, fills in the defaults of attributes that nodes leave out, and infers shapes, channel groups,
 * parameters and statistics.
 *
 * @throws GpdError `network.invalid`, `network.shape` or `network.unknown-op`, naming the node; `config.unknown-key`,
 *   `config.invalid` or `config.missing` for an attribute, naming node and attribute
 */
export function defineNetwork(given: NetworkDefinition): Network {
  checkNames(given)
  const definition = { ...given, nodes: given.nodes.map(plainNode) }
  const groups = new ChannelGroups()
  const flows = new Map<string, Flow>(
    Object.entries(definition.inputs).map(([name, spec]) => [name, inputFlow(name, spec, groups)]),
  )
  const bounds = new Bounds()
  const inferred: { node: NetworkNode; result: Inferred }[] = []
  for (const node of definition.nodes) {
    if (flows.has(node.id))
      throw new GpdError('network.invalid', `Two nodes are called '${node.id}'.`, 'Names must be unique.')
    const inputs = checkInputs(node, flows)
    bounds.reads(
      node.id,
      inputs.map(({ channels }) => channels),
    )
    const result = findOp(node.op).infer({ node: node.id, attributes: node.attributes, inputs, groups })
    bounds.makes(node.id, result)
    flows.set(node.id, { shape: result.shape, channels: result.channels, dtype: 'float32' })
    inferred.push({ node, result })
  }
  checkEnds(definition, flows)
  for (const node of Object.values(definition.outputs)) groups.fix(flows.get(node)!.channels)

  // Groups have their final names only now that every tie is known.
  const resolve = <P extends { readonly name: string; readonly axes: ParameterSpec['axes'] }>(
    id: string,
    entry: P,
  ) => ({
    ...entry,
    name: `${id}.${entry.name}`,
    node: id,
    axes: entry.axes.map((axis) => ({ ...axis, segments: groups.resolve(axis.segments) })),
    shape: axesShape(entry.axes),
  })
  const frozen = ({ trainable }: NetworkNode) => trainable === false && { trainable }
  return {
    ...definition,
    shapes: Object.fromEntries([...flows].map(([id, { shape }]) => [id, shape])),
    channels: Object.fromEntries([...flows].map(([id, { channels }]) => [id, groups.resolve(channels)])),
    groups: groups.expandable(),
    parameters: inferred.flatMap(({ node, result }) =>
      (result.parameters ?? []).map((entry) => ({ ...resolve(node.id, entry), ...frozen(node) })),
    ),
    statistics: inferred.flatMap(({ node, result }) =>
      (result.statistics ?? []).map((entry) => resolve(node.id, entry)),
    ),
    multiplyAdds: Object.fromEntries(
      inferred.flatMap(({ node: { id }, result: { multiplyAdds } }) =>
        multiplyAdds === undefined ? [] : [[id, multiplyAdds]],
      ),
    ),
    momentsOver: Object.fromEntries(
      inferred.flatMap(({ node: { id, mode }, result: { momentsOver } }) =>
        momentsOver === undefined || mode === 'evaluation' ? [] : [[id, momentsOver]],
      ),
    ),
  }
}
