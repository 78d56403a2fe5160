import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import { findOp } from '../ops/registry.ts'
import { fillOptions } from '../options/fill.ts'
import * as kinds from '../options/kinds.ts'
import { needed, option, optional, type Given } from '../options/option.ts'
import type { RandomStream } from '../random/random-stream.ts'
import { mapRecord, type TensorRecord } from '../tensor-ops/tensor-record.ts'
import { outputNode, soleOutput, tapNode } from './ends.ts'
import { freeWhenRead } from './lifetimes.ts'
import { checkModel, type Model } from './model.ts'
import { checkMoments } from './moments.ts'
import type { Network, NetworkNode } from './network.ts'
import { planOf, type Step } from './plan.ts'
import { readInputs } from './read-inputs.ts'

function noRandom(node: string): never {
  throw new GpdError(
    'network.invalid',
    `Node '${node}' draws random numbers in training mode.`,
    'Pass the option `random` to apply.',
  )
}

const names = kinds.listOf(kinds.text, { least: 0, expected: 'a list of names' })

const OPTIONS = {
  /** Batch statistics and dropout (`true`) or moving statistics (`false`). */
  training: needed(kinds.flag),
  /** Names of outputs to compute (default: all). */
  outputs: optional(names),
  /** Taps to return, or ids of nodes (default: none, and other results are freed early). */
  taps: option(names, []),
  /** Random numbers per node; needed in training mode by networks with dropout. */
  random: option(kinds.functionOf<(node: string) => RandomStream>(), noRandom),
}

export type ApplyOptions = Given<typeof OPTIONS>

export interface ApplyResult {
  /** By name: `outputs['logits']`. */
  readonly outputs: Fields
  readonly taps: Fields
  /** New statistics (training mode only); those of the model are left as they were. */
  readonly statistics: TensorRecord
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

/** Names of the parameters and statistics of each node, computed once per network. */
const namesByNode = new WeakMap<Network, ReadonlyMap<string, { parameters: string[]; statistics: string[] }>>()

function nodeNames(network: Network) {
  const known = namesByNode.get(network)
  if (known !== undefined) return known
  const names = new Map(network.nodes.map(({ id }) => [id, { parameters: [] as string[], statistics: [] as string[] }]))
  for (const { name, node } of network.parameters) names.get(node)!.parameters.push(name)
  for (const { name, node } of network.statistics) names.get(node)!.statistics.push(name)
  namesByNode.set(network, names)
  return names
}

/** Plans by network and by the nodes whose results are requested. */
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
 * Runs a model: a pure function of parameters, statistics and inputs. Only what is asked for is computed, and only the
 * tensors that this takes must be there.
 *
 * @param inputs by name, further ones are ignored; or the tensor of the only input
 * @throws GpdError `config.*` for options; `network.shape` if an input is missing or has another shape or type, `network.invalid` if parameters,
 *   statistics, outputs or taps are missing, or one tensor is given for several inputs; in training mode `config.invalid` for a
 *   norm over one value (`checkMoments`)
 * @example const { outputs, taps } = apply(model, { image }, { training: false, taps: ['pool'] })
 */
export function apply(model: Model, inputs: tf.Tensor | Fields, options: ApplyOptions): ApplyResult {
  const { training, random, ...asked } = fillOptions('apply', OPTIONS, options)
  const { network, parameters, statistics } = checkModel('apply', model)
  const outputs = Object.fromEntries(
    (asked.outputs ?? Object.keys(network.outputs)).map((name) => [name, outputNode(network, name)]),
  )
  const taps = Object.fromEntries(asked.taps.map((tap) => [tap, tapNode(network, tap)]))
  const wanted = new Set([...Object.values(outputs), ...Object.values(taps)])
  const plan = knownPlan(network, wanted)
  const values = readInputs(network, inputs, plan, wanted)
  const samples = values.values().next().value?.shape[0] ?? 0
  if (training) checkMoments(network, samples, asked)
  const own = nodeNames(network)
  const updated: Record<string, tf.Tensor> = {}
  const run = ({ node, inputs, fusion }: Step) => {
    const moved: Record<string, tf.Tensor> = {}
    const read = inputs.map((input) => values.get(input)!)
    const [first, others] = [read.slice(0, node.inputs.length), read.slice(node.inputs.length)]
    const context = {
      attributes: node.attributes,
      inputs: first,
      parameters: ownTensors(parameters, own.get(node.id)!.parameters, node),
      statistics: ownTensors(statistics, own.get(node.id)!.statistics, node),
      training: training && node.mode !== 'evaluation',
      random: () => random(node.id),
      update: (statistic: string, value: tf.Tensor) => (moved[`${node.id}.${statistic}`] = value),
    }
    return { result: fusion ? fusion.apply(context, others) : findOp(node.op).apply(context), moved }
  }
  const lasting = new Set([...values.keys(), ...wanted])
  const foreign = new Set([...values.values(), ...Object.values(parameters), ...Object.values(statistics)])
  const free = freeWhenRead(plan, values, lasting, foreign)
  for (const step of plan) {
    const { result, moved } = tf.tidy(() => run(step))
    values.set(step.id, result)
    Object.assign(updated, moved)
    for (const statistic of Object.values(moved)) foreign.add(statistic)
    free(step.id)
  }
  const handOut = (nodes: Readonly<Record<string, string>>): Fields => mapRecord(nodes, (node) => values.get(node)!)
  return { outputs: handOut(outputs), taps: handOut(taps), statistics: updated }
}

/**
 * The only output of a model, in evaluation mode.
 *
 * @param inputs as for `apply`
 * @throws GpdError `network.invalid` if the network has several outputs; what `apply` throws
 * @example const logits = predict(model, images)
 */
export function predict(model: Model, inputs: tf.Tensor | Fields): tf.Tensor {
  const [name] = soleOutput(checkModel('predict', model).network, 'predict')
  return apply(model, inputs, { training: false }).outputs[name]!
}
