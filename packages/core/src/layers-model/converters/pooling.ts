import { meanToken } from '../../ops/mean-token.ts'
import { averagePool, globalAveragePool, maxPool } from '../../ops/pooling.ts'
import { zeroPadding2d } from '../../ops/zero-padding2d.ts'
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
  const [rows, columns] = layer.config['padding'] as [[number, number], [number, number]]
  return layer.place(zeroPadding2d({ rows, columns }), layer.inputs)
}
