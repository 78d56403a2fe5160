import { add, average, concat, gate, multiply, type OpCall } from '@gpdjs/core'
import type { ConvertedLayer, LayerConverter } from '../layer.ts'
import { reshaped } from './shape.ts'

/** The inputs with as many axes as the one with the most: Keras puts new ones behind the batch. */
function aligned(layer: ConvertedLayer): string[] {
  const rank = Math.max(...layer.inputShapes.map(({ length }) => length))
  return layer.inputs.map((input, i) => {
    const shape = layer.inputShapes[i]!
    const whole = [...Array.from({ length: rank - shape.length }, () => 1), ...shape]
    return reshaped(layer, input, shape, whole, `input${i}`)
  })
}

const merge =
  (op: () => OpCall): LayerConverter =>
  (layer) =>
    layer.place(op(), aligned(layer))

export const sum = merge(add)
export const mean = merge(average)

/** Where one of two inputs has a single number for each position, it gates the other's channels. */
export const product: LayerConverter = (layer) => {
  const inputs = aligned(layer)
  const gates = layer.inputShapes.map((shape) => shape.join() === [...layer.outputShape.slice(0, -1), 1].join())
  if (inputs.length !== 2 || gates[0] === gates[1]) return layer.place(multiply(), inputs)
  return layer.place(gate(), gates[1] ? inputs : [...inputs].reverse())
}

export const concatenation: LayerConverter = (layer) => {
  const axis = (layer.read('axis') ?? -1) as number
  if (axis === -1 || axis === layer.inputShape.length) return layer.place(concat(), layer.inputs)
  return layer.refuse(`concatenates along axis ${axis}.`, 'Only the last axis (-1, the channels) is supported.')
}
