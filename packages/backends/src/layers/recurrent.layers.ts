import * as tf from '@tensorflow/tfjs'
import { configurations, type LayerCase } from './layer-case.ts'

const { bidirectional, convLstm2d, convLstm2dCell, gru, gruCell, lstm, lstmCell } = tf.layers
const { rnn, simpleRNN, simpleRNNCell, stackedRNNCells, timeDistributed } = tf.layers

const SEQUENCE = [4, 3] as const

const named = (
  name: string,
  make: () => tf.layers.Layer,
  inputs: readonly (readonly number[])[] = [SEQUENCE],
): LayerCase => ({ name, make, inputs })

/** A recurrent layer of one cell. */
const ofCell = (name: string, cell: () => unknown): LayerCase =>
  named(name, () => rnn({ cell: cell() as never, returnSequences: true }))

/** Recurrent layers, their cells, and wrappers. */
export const recurrent: Readonly<Record<string, readonly LayerCase[]>> = {
  simpleRNN: configurations(
    simpleRNN,
    SEQUENCE,
    { units: 4 },
    { units: 4, returnSequences: true, goBackwards: true, useBias: false },
    { units: 2, activation: 'relu', dropout: 0.3, recurrentDropout: 0.3 },
  ),
  gru: configurations(
    gru,
    SEQUENCE,
    { units: 4 },
    { units: 2, returnSequences: true, implementation: 2, useBias: false },
    { units: 2, dropout: 0.3, recurrentDropout: 0.3 },
  ),
  lstm: configurations(
    lstm,
    SEQUENCE,
    { units: 4 },
    { units: 2, returnSequences: true, implementation: 2, unitForgetBias: false },
    { units: 2, useBias: false },
    { units: 2, dropout: 0.3, recurrentDropout: 0.3 },
  ),
  simpleRNNCell: [ofCell('in rnn', () => simpleRNNCell({ units: 4 }))],
  gruCell: [ofCell('in rnn', () => gruCell({ units: 4 }))],
  lstmCell: [ofCell('in rnn', () => lstmCell({ units: 4 }))],
  stackedRNNCells: [
    ofCell('in rnn', () => stackedRNNCells({ cells: [gruCell({ units: 3 }), lstmCell({ units: 2 })] as never })),
  ],
  rnn: [
    named('of two cells', () => rnn({ cell: [simpleRNNCell({ units: 3 }), simpleRNNCell({ units: 2 })] as never })),
  ],
  convLstm2d: configurations(
    convLstm2d,
    [3, 5, 4, 2],
    { filters: 2, kernelSize: 3 },
    { filters: 2, kernelSize: 2, padding: 'same', returnSequences: true, useBias: false },
    { filters: 2, kernelSize: 2, strides: 2, returnSequences: true },
  ),
  convLstm2dCell: configurations(
    convLstm2dCell,
    [
      [5, 4, 2],
      [5, 4, 3],
      [5, 4, 3],
    ],
    { filters: 3, kernelSize: 3, padding: 'same' },
  ).map((subject) => ({ ...subject, alone: 'no layer takes it: convLstm2d makes its own' })),
  bidirectional: ['concat', 'sum', 'mul', 'ave'].map((mergeMode) =>
    named(mergeMode, () =>
      bidirectional({ layer: lstm({ units: 2, returnSequences: true }), mergeMode: mergeMode as 'sum' }),
    ),
  ),
  timeDistributed: [
    named('dense', () => timeDistributed({ layer: tf.layers.dense({ units: 4 }) })),
    named('conv2d', () => timeDistributed({ layer: tf.layers.conv2d({ filters: 2, kernelSize: 2 }) }), [[3, 4, 3, 2]]),
    named('depthwiseConv2d', () => timeDistributed({ layer: tf.layers.depthwiseConv2d({ kernelSize: 2 }) }), [
      [3, 4, 3, 2],
    ]),
  ],
}
