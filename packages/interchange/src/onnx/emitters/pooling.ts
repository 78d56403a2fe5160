import { adaptiveMeans, nearestCopies } from '@gpdjs/core'
import type { Emitter } from '../emitter.ts'
import { windowAttributes } from './window.ts'

export const maxPooling: Emitter = (node) => node.emit('MaxPool', [node.input], windowAttributes(node))

/** Positions outside the image are not counted. */
export const averagePooling: Emitter = (node) =>
  node.emit('AveragePool', [node.input], { ...windowAttributes(node), count_include_pad: 0 })

export const globalAveragePooling: Emitter = (node) =>
  node.emit('Flatten', [node.emit('GlobalAveragePool', [node.input])], { axis: 1 })

export const globalMaxPooling: Emitter = (node) =>
  node.emit('Flatten', [node.emit('GlobalMaxPool', [node.input])], { axis: 1 })

export const zeroPadding: Emitter = (node) => {
  const { rows, columns } = node.attributes as { rows: [number, number]; columns: [number, number] }
  return node.emit('Pad', [node.input, node.integers([0, 0, rows[0], columns[0], 0, 0, rows[1], columns[1]])])
}

/** `rows · map · columnsᵀ` for each channel; ONNX has no pooling to a size. */
const resampling =
  (shares: typeof adaptiveMeans): Emitter =>
  (node) => {
    const [rows, columns] = [0, 1].map((axis) => shares(node.inputShape[axis]!, node.outputShape[axis]!)) as [
      number[][],
      number[][],
    ]
    const turned = columns[0]!.map((_, i) => columns.map((row) => row[i]!))
    const narrow = node.emit('MatMul', [node.input, node.floats(turned.flat(), [turned.length, columns.length])])
    return node.emit('MatMul', [node.floats(rows.flat(), [rows.length, rows[0]!.length]), narrow])
  }

export const adaptiveAveragePooling = resampling(adaptiveMeans)
export const nearestResizing = resampling(nearestCopies)
