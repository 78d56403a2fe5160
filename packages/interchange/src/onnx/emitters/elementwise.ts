import type { EmittedNode, Emitter } from '../emitter.ts'

/** An op that ONNX has under another name, for any number of inputs. */
const plain =
  (type: string): Emitter =>
  (node) =>
    node.emit(type, node.inputs)

export const rectifier = plain('Relu')
export const hardSwish = plain('HardSwish')
export const sigmoid = plain('Sigmoid')
export const tanh = plain('Tanh')
/** Over the last axis, which maps have as axis 1. */
export const softmax: Emitter = (node) => node.emit('Softmax', [node.input], { axis: node.isMap ? 1 : -1 })
export const softplus = plain('Softplus')
export const softsign = plain('Softsign')
// Their constants are ONNX' defaults, which are those of the papers and of Keras.
export const selu = plain('Selu')
export const hardSigmoid = plain('HardSigmoid')
export const sum = plain('Sum')
export const mean = plain('Mean')

/** What does nothing in evaluation mode: no node at all. */
export const identity: Emitter = (node) => node.input

export const rectifier6: Emitter = (node) => node.emit('Clip', [node.input, node.floats([0]), node.floats([6])])

/** `x · (erf(x / √2) + 1) / 2`; the op Gelu comes with opset 20 only. */
export const gelu: Emitter = (node) => {
  const error = node.emit('Erf', [node.emit('Mul', [node.input, node.floats([Math.SQRT1_2])])])
  const half = node.emit('Mul', [node.input, node.floats([0.5])])
  return node.emit('Mul', [half, node.emit('Add', [error, node.floats([1])])])
}

export const product: Emitter = (node) => node.inputs.reduce((a, b) => node.emit('Mul', [a, b]))

const withSlope =
  (type: string): Emitter =>
  (node) =>
    node.emit(type, [node.input], { alpha: { float: node.attributes['alpha'] as number } })

export const elu = withSlope('Elu')
export const leakyRectifier = withSlope('LeakyRelu')

/** `x · f(x)` */
const gated =
  (gate: (node: EmittedNode) => string): Emitter =>
  (node) =>
    node.emit('Mul', [node.input, gate(node)])

export const swish = gated(sigmoid)
export const mish = gated((node) => node.emit('Tanh', [softplus(node)]))

/** `x · (1 + tanh(√(2 / π) · (x + 0.044715 x³))) / 2` */
export const geluTanh = gated((node) => {
  const square = node.emit('Mul', [node.input, node.input])
  const line = node.emit('Add', [node.emit('Mul', [square, node.floats([0.044715])]), node.floats([1])])
  const cubic = node.emit('Mul', [node.emit('Mul', [node.input, line]), node.floats([Math.sqrt(2 / Math.PI)])])
  return node.emit('Mul', [node.emit('Add', [node.emit('Tanh', [cubic]), node.floats([1])]), node.floats([0.5])])
})
