import {
  averagePool,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  meanToken,
  resizeNearest,
  zeroPadding2d,
} from '@gpdjs/core'
import { expectChannelsLast, windowOf, type LayerConverter } from '../layer.ts'

export const maxPooling: LayerConverter = (layer) => layer.place(maxPool(windowOf(layer, 'poolSize')), layer.inputs)

export const averagePooling: LayerConverter = (layer) =>
  layer.place(averagePool(windowOf(layer, 'poolSize')), layer.inputs)

export const globalAveragePooling: LayerConverter = (layer) => {
  expectChannelsLast(layer)
  return layer.place(globalAveragePool(), layer.inputs)
}

export const globalMaxPooling: LayerConverter = (layer) => {
  expectChannelsLast(layer)
  return layer.place(globalMaxPool(), layer.inputs)
}

/** Only copies: other ways to fill in pixels have no op. */
export const upSampling: LayerConverter = (layer) => {
  expectChannelsLast(layer)
  const interpolation = layer.read('interpolation')
  if (interpolation !== 'nearest')
    layer.refuse(`has interpolation ${JSON.stringify(interpolation)}.`, "Only 'nearest' is supported.")
  // It multiplies the sizes, which are those of the output.
  layer.read('size')
  const [height, width] = layer.outputShape as [number, number, number]
  return layer.place(resizeNearest({ height, width }), layer.inputs)
}

export const meanOverTokens: LayerConverter = (layer) => layer.place(meanToken(), layer.inputs)

export const zeroPadding: LayerConverter = (layer) => {
  expectChannelsLast(layer)
  const [rows, columns] = layer.read('padding') as [[number, number], [number, number]]
  return layer.place(zeroPadding2d({ rows, columns }), layer.inputs)
}
