import { averagePool, globalAveragePool, maxPool, meanToken, zeroPadding2d } from '@gpdjs/core'
import { expectChannelsLast, windowOf, type LayerConverter } from '../layer.ts'

export const maxPooling: LayerConverter = (layer) => layer.place(maxPool(windowOf(layer, 'poolSize')), layer.inputs)

export const averagePooling: LayerConverter = (layer) =>
  layer.place(averagePool(windowOf(layer, 'poolSize')), layer.inputs)

export const globalAveragePooling: LayerConverter = (layer) => {
  expectChannelsLast(layer)
  return layer.place(globalAveragePool(), layer.inputs)
}

export const meanOverTokens: LayerConverter = (layer) => layer.place(meanToken(), layer.inputs)

export const zeroPadding: LayerConverter = (layer) => {
  expectChannelsLast(layer)
  const [rows, columns] = layer.read('padding') as [[number, number], [number, number]]
  return layer.place(zeroPadding2d({ rows, columns }), layer.inputs)
}
