import type * as tf from '@tensorflow/tfjs'
import { batchNorm, dense, dropout, type RandomStream, type TensorRecord } from '@gpdjs/core'
import { once, runHead, startHead, trainedHeads } from './heads.ts'

const NAME = 'projector'
/** Share of the features that is dropped before the linear map. */
const RATE = 0.5

/** From the student's width to the teacher's: batch normalization, dropout, a linear map. */
const widthHead = once((from: number, to: number) => {
  const g = startHead(NAME, [from])
  const dropped = g.add(`${NAME}.dropout`, dropout({ rate: RATE }), g.add(`${NAME}.norm`, batchNorm(), 'x'))
  return g.build({ y: g.add(`${NAME}.linear`, dense({ units: to }), dropped) })
})

export const widthTensors = (from: number, to: number) => trainedHeads([widthHead(from, to)])

/** `dropout(BN(x)) W + b`: `[batch, from]` → `[batch, to]` */
export const matchWidth = (
  where: string,
  x: tf.Tensor2D,
  to: number,
  heads: TensorRecord | undefined,
  random: () => RandomStream,
): tf.Tensor => runHead(where, widthHead(x.shape[1], to), heads, { x }, random)['y']!
