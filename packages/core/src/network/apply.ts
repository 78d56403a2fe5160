import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { findOp } from '../ops/registry.ts'
import type { RandomStream } from '../random/random-stream.ts'
import { didYouMean } from '../suggest.ts'
import type { TensorRecord } from '../tensor-ops/tensor-record.ts'
import { freeWhenRead } from './lifetimes.ts'
import { IMAGE, type Network, type NetworkNode } from './network.ts'
import { planOf, type Step } from './plan.ts'

export interface ApplyOptions {
  /** Batch statistics and dropout (`true`) or moving statistics (`false`). */
  readonly training: boolean
  /** Names of taps to return. Default none: a result nobody asked for is freed early. */
  readonly taps?: readonly string[]
  /** Random numbers per node; needed in training mode by networks with dropout. */
  readonly random?: (node: string) => RandomStream
}

export interface ApplyResult {
  /** `[batch, classes]` */
  readonly logits: tf.Tensor2D
  readonly taps: Readonly<Record<string, tf.Tensor>>
  /** New statistics (training mode only); those of the input are left as they were. */
  readonly statistics: Readonly<Record<string, tf.Tensor>>
}

const noRandom = (node: string): RandomStream => {
  throw new GpdError(
    'network.invalid',
    `Node '${node}' draws random numbers in training mode.`,
    'Pass the option `random` to apply.',
  )
}

/** The part of a record that belongs to one node, under short names. */
function ownTensors(
  record: TensorRecord,
  names: readonly string[],
  { id: node, op }: NetworkNode,
): Record<string, tf.Tensor> {
  const own: Record<string, tf.Tensor> = {}
  for (const short of findOp(op).optional ?? []) {
    const tensor = record[`${node}.${short}`]
    if (tensor !== undefined) own[short] = tensor
  }
  for (const name of names) {
    const tensor = record[name]
    if (tensor === undefined)
      throw new GpdError(
        'network.invalid',
        `apply: no tensor for '${name}'.`,
        'Pass every parameter and statistic of the network.',
      )
    own[name.slice(node.length + 1)] = tensor
  }
  return own
}

/** Names of the parameters (or statistics) of each node, computed once per network. */
const namesByNode = new WeakMap<Network, ReadonlyMap<string, { parameters: string[]; statistics: string[] }>>()

function nodeNames(network: Network) {
  const known = namesByNode.get(network)
  if (known !== undefined) return known
  const nodeOf = (name: string) => name.slice(0, name.lastIndexOf('.'))
  const names = new Map(network.nodes.map(({ id }) => [id, { parameters: [] as string[], statistics: [] as string[] }]))
  for (const { name } of network.parameters) names.get(nodeOf(name))!.parameters.push(name)
  for (const { name } of network.statistics) names.get(nodeOf(name))!.statistics.push(name)
  namesByNode.set(network, names)
  return names
}

/** Plans by network and by the nodes that are wanted. */
const plans = new WeakMap<Network, Map<string, readonly Step[]>>()

function knownPlan(network: Network, wanted: ReadonlySet<string>): readonly Step[] {
  const ofNetwork = plans.get(network) ?? new Map<string, readonly Step[]>()
  plans.set(network, ofNetwork)
  const key = [...wanted].join()
  const plan = ofNetwork.get(key) ?? planOf(network, wanted)
  ofNetwork.set(key, plan)
  return plan
}

/**
 * Runs a network: a pure function of parameters, statistics and input.
 *
 * @param x images `[batch, height, width, channels]`
 * @throws GpdError `network.shape` if the images do not fit, `network.invalid` if tensors or taps are missing
 */
export function apply(
  network: Network,
  parameters: TensorRecord,
  statistics: TensorRecord,
  x: tf.Tensor,
  options: ApplyOptions,
): ApplyResult {
  if (x.shape.slice(1).join() !== network.inputShape.join()) {
    throw new GpdError(
      'network.shape',
      `apply: expected images [batch, ${network.inputShape.join(', ')}], got [${x.shape.join(', ')}].`,
    )
  }
  const names = nodeNames(network)
  const values = new Map<string, tf.Tensor>([[IMAGE, x]])
  const updated: Record<string, tf.Tensor> = {}
  const tapNodes = new Map((options.taps ?? []).map((tap) => [tap, tapNode(network, tap)]))
  const run = ({ node, inputs, fusion }: Step) => {
    const moved: Record<string, tf.Tensor> = {}
    const read = inputs.map((input) => values.get(input)!)
    const [own, others] = [read.slice(0, node.inputs.length), read.slice(node.inputs.length)]
    const context = {
      attributes: node.attributes,
      inputs: own,
      parameters: ownTensors(parameters, names.get(node.id)!.parameters, node),
      statistics: ownTensors(statistics, names.get(node.id)!.statistics, node),
      training: options.training,
      random: () => (options.random ?? noRandom)(node.id),
      update: (statistic: string, value: tf.Tensor) => (moved[`${node.id}.${statistic}`] = value),
    }
    return { result: fusion ? fusion.apply(context, others) : findOp(node.op).apply(context), moved }
  }
  const lasting = new Set([IMAGE, network.output, ...tapNodes.values()])
  const foreign = new Set([x, ...Object.values(parameters), ...Object.values(statistics)])
  const plan = knownPlan(network, lasting)
  const free = freeWhenRead(plan, values, lasting, foreign)
  for (const step of plan) {
    const { result, moved } = tf.tidy(() => run(step))
    values.set(step.id, result)
    Object.assign(updated, moved)
    for (const statistic of Object.values(moved)) foreign.add(statistic)
    free(step.id)
  }
  return {
    logits: values.get(network.output) as tf.Tensor2D,
    taps: Object.fromEntries([...tapNodes].map(([tap, node]) => [tap, values.get(node)!])),
    statistics: updated,
  }
}

/** @throws GpdError `network.invalid` with the taps that exist */
export function tapNode(network: Network, tap: string): string {
  const node = network.taps[tap]
  if (node !== undefined) return node
  throw new GpdError(
    'network.invalid',
    `Network '${network.name}' has no tap '${tap}'.`,
    didYouMean(tap, Object.keys(network.taps)),
  )
}
