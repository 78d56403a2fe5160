import { convolutions } from './convolutions.layers.ts'
import type { LayerCase } from './layer-case.ts'
import { pointwise } from './pointwise.layers.ts'
import { pooling } from './pooling.layers.ts'
import { recurrent } from './recurrent.layers.ts'
import { shapes } from './shapes.layers.ts'

/** Every layer of `tf.layers`, by the name of its function. */
export const layerCases: Readonly<Record<string, readonly LayerCase[]>> = {
  ...convolutions,
  ...pointwise,
  ...pooling,
  ...recurrent,
  ...shapes,
}

/** Other names of the same layers. */
export const aliases: Readonly<Record<string, string>> = {
  avgPool1d: 'averagePooling1d',
  avgPooling1d: 'averagePooling1d',
  avgPool2d: 'averagePooling2d',
  avgPooling2d: 'averagePooling2d',
  avgPool3d: 'averagePooling3d',
  avgPooling3d: 'averagePooling3d',
  globalMaxPool1d: 'globalMaxPooling1d',
  globalMaxPool2d: 'globalMaxPooling2d',
  maxPool1d: 'maxPooling1d',
  maxPool2d: 'maxPooling2d',
}

/** What of `tf.layers` is no layer that computes. */
export const notLayers: Readonly<Record<string, string>> = {
  Layer: 'the class that layers extend',
  RNN: 'the class that recurrent layers extend',
  RNNCell: 'the class that cells extend',
  input: 'makes a symbolic tensor: every case here begins with one',
  inputLayer: 'holds such a tensor',
}
