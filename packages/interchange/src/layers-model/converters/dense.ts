import { dense as denseOp } from '@gpdjs/core'
import type { LayerConverter } from '../layer.ts'
import { activate } from './activation.ts'
import { weightAndBias } from './convolution.ts'

export const dense: LayerConverter = (layer) => {
  const op = denseOp({ units: layer.read('units') as number, useBias: layer.read('useBias') !== false })
  return activate(layer, layer.read('activation'), layer.place(op, layer.inputs, weightAndBias(layer.weights)))
}
