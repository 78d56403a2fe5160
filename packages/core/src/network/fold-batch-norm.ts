import * as tf from '@tensorflow/tfjs'
import { checkModel, type Model } from './model.ts'
import { defineNetwork, type Network, type NetworkNode } from './network.ts'
import { checkTensors, withOwnTensors } from './own-tensors.ts'
import { networkDefinition } from './saved-network.ts'
import { mapRecord, type TensorRecord } from '../tensor-ops/tensor-record.ts'

/** The linear ops, and one number per output channel in a shape that fits their kernel. */
const FACTOR_SHAPES: Readonly<Record<string, (channels: number) => number[]>> = {
  conv2d: (channels) => [channels],
  dense: (channels) => [channels],
  depthwiseConv2d: (channels) => [channels, 1],
}

/** Batch norm → the linear node in front of it, where nothing else reads the value between them. */
function foldable({ nodes, outputs, taps }: Network): Map<NetworkNode, NetworkNode> {
  const observed = new Set([...Object.values(outputs), ...Object.values(taps)])
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const readers = (id: string) =>
    nodes.reduce((count, { inputs }) => count + inputs.filter((input) => input === id).length, 0)
  const pairs = nodes.flatMap((norm) => {
    const linear = norm.op === 'batchNorm' ? byId.get(norm.inputs[0]!) : undefined
    const alone =
      linear !== undefined && linear.op in FACTOR_SHAPES && readers(linear.id) === 1 && !observed.has(linear.id)
    return alone ? [[norm, linear] as const] : []
  })
  return new Map(pairs)
}

/** `f = γ / √(σ² + ε)`, `W' = f · W`, `b' = f · (b − μ) + β` */
function foldTensors(norm: NetworkNode, linear: NetworkNode, tensors: TensorRecord): Record<string, tf.Tensor> {
  const of = (name: string) => tensors[`${norm.id}.${name}`]!
  const factor = tf.mul(of('weight'), tf.rsqrt(tf.add(of('running_var'), norm.attributes['epsilon'] as number)))
  const bias = tensors[`${linear.id}.bias`]
  const centered = bias === undefined ? tf.neg(of('running_mean')) : tf.sub(bias, of('running_mean'))
  const kernelFactor = tf.reshape(factor, FACTOR_SHAPES[linear.op]!(factor.size))
  return {
    [`${linear.id}.weight`]: tf.mul(tensors[`${linear.id}.weight`]!, kernelFactor),
    [`${linear.id}.bias`]: tf.add(tf.mul(centered, factor), of('bias')),
  }
}

/**
 * The same function in evaluation mode with fewer nodes: each batch normalization behind a convolution, depthwise
 * convolution or dense layer becomes part of its kernel and bias. One behind anything else, or whose input is also
 * read elsewhere or tapped, stays.
 *
 * For inference only: a folded network cannot follow the statistics of further training.
 *
 * @returns a model with tensors of its own; the caller owns them
 * @example const folded = foldBatchNorm(model)
 * @see Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018, section 3.2
 */
export function foldBatchNorm(model: Model): Model {
  const { network, parameters, statistics } = checkModel('foldBatchNorm', model)
  const pairs = foldable(network)
  const linears = new Set(pairs.values())
  const replacement = new Map([...pairs].map(([norm, linear]) => [norm.id, linear.id]))
  const renamed = (id: string) => replacement.get(id) ?? id
  const definition = networkDefinition(network)
  const folded = defineNetwork({
    ...definition,
    nodes: network.nodes
      .filter(({ id }) => !replacement.has(id))
      .map((node) => ({
        ...node,
        inputs: node.inputs.map(renamed),
        attributes: linears.has(node) ? { ...node.attributes, useBias: true } : node.attributes,
      })),
    outputs: mapRecord(definition.outputs, renamed),
    taps: mapRecord(definition.taps, renamed),
  })
  const tensors: Record<string, tf.Tensor> = { ...parameters, ...statistics }
  checkTensors(network, tensors, 'foldBatchNorm')
  return withOwnTensors(folded, () => {
    for (const [norm, linear] of pairs) Object.assign(tensors, foldTensors(norm, linear, tensors))
    return tensors
  })
}
