import type { LayerConverter } from '../layer.ts'
import { activation, exponential, leakyRectifier, parametricRectifier, rectifier, softmax } from './activation.ts'
import { convolution, depthwiseConvolution, separableConvolution } from './convolution.ts'
import { dense } from './dense.ts'
import { concatenation, mean, product, sum } from './merge.ts'
import { batchNormalization, keptNormalization, layerNormalization, rescaling } from './normalization.ts'
import {
  averagePooling,
  globalAveragePooling,
  globalMaxPooling,
  maxPooling,
  meanOverTokens,
  upSampling,
  zeroPadding,
} from './pooling.ts'
import { dropout, flatten, permutation, reshape } from './shape.ts'

/** Keras' class names and what each becomes. A new layer is one line here. */
export const converters: Readonly<Record<string, LayerConverter>> = {
  Activation: activation,
  Add: sum,
  Average: mean,
  AveragePooling2D: averagePooling,
  BatchNormalization: batchNormalization,
  Concatenate: concatenation,
  Conv2D: convolution,
  Dense: dense,
  DepthwiseConv2D: depthwiseConvolution,
  Dropout: dropout,
  ELU: exponential,
  Flatten: flatten,
  GlobalAveragePooling1D: meanOverTokens,
  GlobalAveragePooling2D: globalAveragePooling,
  GlobalMaxPooling2D: globalMaxPooling,
  LeakyReLU: leakyRectifier,
  LayerNormalization: layerNormalization,
  MaxPooling2D: maxPooling,
  Multiply: product,
  Normalization: keptNormalization,
  PReLU: parametricRectifier,
  Permute: permutation,
  ReLU: rectifier,
  Rescaling: rescaling,
  Reshape: reshape,
  SeparableConv2D: separableConvolution,
  Softmax: softmax,
  UpSampling2D: upSampling,
  ZeroPadding2D: zeroPadding,
}
