import type { RescaleAttributes } from '@gpdjs/core'
import type { Emitter } from '../emitter.ts'

/** ONNX normalizes axis 1, which is where maps and vectors have their channels; tokens are turned for it. */
export const batchNormalization: Emitter = (node) => {
  const tensors = ['weight', 'bias', 'running_mean', 'running_var'].map((name) => node.parameter(name))
  const epsilon = { float: node.attributes['epsilon'] as number }
  const normalize = (input: string) => node.emit('BatchNormalization', [input, ...tensors], { epsilon })
  if (node.inputShape.length !== 2) return normalize(node.input)
  return node.transpose(normalize(node.transpose(node.input, [0, 2, 1])), [0, 2, 1])
}

export const layerNormalization: Emitter = (node) => {
  const tensors = [node.parameter('weight'), node.parameter('bias')]
  const epsilon = { float: node.attributes['epsilon'] as number }
  return node.withChannelsLast((input) => node.emit('LayerNormalization', [input, ...tensors], { axis: -1, epsilon }))
}

export const scale: Emitter = (node) => {
  const channels = node.inputShape.at(-1)!
  return node.emit('Mul', [node.input, node.parameter('gamma', node.perChannel(channels))])
}

/** Rounded after each of the two, as ours. */
export const rescaling: Emitter = (node) => {
  const { factor, shift } = node.attributes as unknown as RescaleAttributes
  const shape = node.perChannel(factor.length)
  return node.emit('Add', [node.emit('Mul', [node.input, node.floats(factor, shape)]), node.floats(shift, shape)])
}

/** Slopes of positions stand in our layout: channels last. */
export const parametricRectifier: Emitter = (node) => {
  const { shape } = node.tensor('weight')
  if (shape.length === 1) return node.emit('PRelu', [node.input, node.parameter('weight', node.perChannel(shape[0]!))])
  return node.withChannelsLast((input) => node.emit('PRelu', [input, node.parameter('weight')]))
}
