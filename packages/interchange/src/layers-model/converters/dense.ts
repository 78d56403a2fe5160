import { dense as denseOp } from '@gpdjs/core'
import type { LayerConverter } from '../layer.ts'
import { activate } from './activation.ts'
import { weightAndBias } from './convolution.ts'

export const dense: LayerConverter = (layer) => {
  const op = denseOp({ units: layer.outputShape.at(-1)!, useBias: layer.config['useBias'] !== false })
  return activate(layer, layer.config['activation'], layer.place(op, layer.inputs, weightAndBias(layer.weights)))
}
