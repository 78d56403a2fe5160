import type { Emitter } from '../emitter.ts'
import { windowAttributes } from './window.ts'

export const maxPooling: Emitter = (node) => node.emit('MaxPool', [node.input], windowAttributes(node))

/** Positions outside the image are not counted. */
export const averagePooling: Emitter = (node) =>
  node.emit('AveragePool', [node.input], { ...windowAttributes(node), count_include_pad: 0 })

export const globalAveragePooling: Emitter = (node) =>
  node.emit('Flatten', [node.emit('GlobalAveragePool', [node.input])], { axis: 1 })

export const zeroPadding: Emitter = (node) => {
  const { rows, columns } = node.attributes as { rows: [number, number]; columns: [number, number] }
  return node.emit('Pad', [node.input, node.integers([0, 0, rows[0], columns[0], 0, 0, rows[1], columns[1]])])
}
