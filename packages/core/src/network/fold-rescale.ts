import * as tf from '@tensorflow/tfjs'
import type { RescaleAttributes } from '../ops/rescale.ts'
import type { TensorRecord } from '../tensor-ops/tensor-record.ts'
import { checkModel, type Model } from './model.ts'
import { defineNetwork, type Network, type NetworkNode } from './network.ts'
import { checkTensors, withOwnTensors } from './own-tensors.ts'
import { networkDefinition } from './saved-network.ts'

/** The linear ops whose kernels have their input channels as last axis but one, and the axes over which they sum. */
const SUMMED: Readonly<Record<string, readonly number[]>> = {
  conv2d: [0, 1, 2],
  dense: [0],
  depthwiseConv2d: [0, 1],
}

const constants = ({ attributes }: NetworkNode) => attributes as unknown as RescaleAttributes

/** Zeros around an image stand for what is not there; a shift in front of them would have to shift them too. */
const padsNothing = ({ padding = 0, kernelSize }: NetworkNode['attributes']): boolean =>
  padding === 0 || padding === 'valid' || [kernelSize].flat().every((size) => size === 1)

function takesOver({ op, attributes }: NetworkNode, shift: readonly number[]): boolean {
  if (!Object.hasOwn(SUMMED, op) || (attributes['groups'] ?? 1) !== 1) return false
  return op === 'dense' || padsNothing(attributes) || shift.every((value) => value === 0)
}

/** Linear node → the `rescale` that it can take over, for those that all their readers can. */
function foldable({ nodes, outputs, taps }: Network): Map<NetworkNode, NetworkNode> {
  const seen = new Set([...Object.values(outputs), ...Object.values(taps)])
  const readers = (id: string) => nodes.filter(({ inputs }) => inputs.includes(id))
  // What is read through a flatten are the same numbers.
  const behind = (reader: NetworkNode) =>
    reader.op === 'flatten' && !seen.has(reader.id) ? readers(reader.id) : [reader]
  const pairs = nodes.flatMap((line) => {
    if (line.op !== 'rescale' || seen.has(line.id)) return []
    const takers = readers(line.id).flatMap(behind)
    const all = takers.length > 0 && takers.every((taker) => takesOver(taker, constants(line).shift))
    return all ? takers.map((taker) => [taker, line] as const) : []
  })
  return new Map(pairs)
}

/** `W' = W · factor`, `b' = b + Σ W · shift`, both along the input channels. */
function foldTensors(line: NetworkNode, { id, op }: NetworkNode, tensors: TensorRecord): Record<string, tf.Tensor> {
  const { factor, shift } = constants(line)
  const [weight, bias] = [tensors[`${id}.weight`]!, tensors[`${id}.bias`]]
  const channels = weight.shape.at(-2)!
  /** One number for each input channel; behind a flatten they stand there once for each position. */
  const along = (values: readonly number[]) =>
    tf.tile(tf.tensor2d([...values], [values.length, 1]), [channels / values.length, 1])
  const added = tf.reshape(tf.sum(tf.mul(weight, along(shift)), [...SUMMED[op]!]), [-1])
  return {
    [`${id}.weight`]: tf.mul(weight, along(factor)),
    [`${id}.bias`]: bias === undefined ? added : tf.add(bias, added),
  }
}

/**
 * The same function with fewer nodes: each `rescale` (such as the normalization of `withNormalization`) becomes part of the
 * kernels and biases of the convolutions and dense layers that read it, also through a `flatten`. It stays where that would
 * be another function: in front of a convolution that pads with zeros, unless nothing is shifted; where something else reads
 * it; where it is an output or tapped. In front of grouped convolutions it stays too.
 *
 * @returns a model with tensors of its own; the caller owns them
 * @throws GpdError `network.invalid` if a tensor is missing
 * @example const folded = foldRescale(withNormalization(model, { mean: [0.1307], deviation: [0.3081] }))
 */
export function foldRescale(model: Model): Model {
  const { network, parameters, statistics } = checkModel('foldRescale', model)
  const pairs = foldable(network)
  const lines = new Map([...pairs.values()].map((line) => [line.id, line]))
  const read = (id: string) => lines.get(id)?.inputs[0] ?? id
  const folded = defineNetwork({
    ...networkDefinition(network),
    nodes: network.nodes
      .filter(({ id }) => !lines.has(id))
      .map((node) => ({
        ...node,
        inputs: node.inputs.map(read),
        attributes: pairs.has(node) ? { ...node.attributes, useBias: true } : node.attributes,
      })),
  })
  const tensors: Record<string, tf.Tensor> = { ...parameters, ...statistics }
  checkTensors(network, tensors, 'foldRescale')
  return withOwnTensors(folded, () => {
    for (const [taker, line] of pairs) Object.assign(tensors, foldTensors(line, taker, tensors))
    return tensors
  })
}
