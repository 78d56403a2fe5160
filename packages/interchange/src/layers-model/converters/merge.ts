import { add, average, concat, multiply, type OpCall } from '@gpdjs/core'
import type { LayerConverter } from '../layer.ts'

const merge =
  (op: () => OpCall): LayerConverter =>
  (layer) =>
    layer.place(op(), layer.inputs)

export const sum = merge(add)
export const product = merge(multiply)
export const mean = merge(average)

export const concatenation: LayerConverter = (layer) => {
  const axis = (layer.read('axis') ?? -1) as number
  if (axis === -1 || axis === layer.inputShape.length) return layer.place(concat(), layer.inputs)
  return layer.refuse(`concatenates along axis ${axis}.`, 'Only the last axis (-1, the channels) is supported.')
}
