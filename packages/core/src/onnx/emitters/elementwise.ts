import type { Emitter } from '../emitter.ts'

/** An op that ONNX has under another name, for any number of inputs. */
const plain =
  (type: string): Emitter =>
  (node) =>
    node.emit(type, node.inputs)

export const rectifier = plain('Relu')
export const hardSwish = plain('HardSwish')
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
