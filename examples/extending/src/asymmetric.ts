import * as tf from '@tensorflow/tfjs'
import { fixedAxis, zeros, type Axis } from '@gpdjs/core'
import { keepsSize, type BranchSet } from '@gpdjs/ir-expansion'

/**
 * A square kernel, plus a column and a row that stand on its middle lines: `K = S + C + R`. Column and row start at
 * zero, so that a student keeps its function.
 *
 * @see Ding et al., "ACNet: Strengthening the Kernel Skeletons …", ICCV 2019
 */
export const asymmetric = (): BranchSet => ({
  name: 'asymmetric',
  useBias: false,
  accepts: (site) => site.kernelSize > 1 && site.kernelSize % 2 === 1 && keepsSize(site),
  tensors({ weight, kernelSize }) {
    const [height, width, third, fourth] = weight.axes as [Axis, Axis, Axis, Axis]
    const branch = (axes: readonly Axis[], initializer = zeros) => ({ axes, initializer, decay: true })
    return {
      square: branch([height, width, third, fourth], weight.initializer),
      column: branch([fixedAxis(kernelSize), fixedAxis(1), third, fourth]),
      row: branch([fixedAxis(1), fixedAxis(kernelSize), third, fourth]),
    }
  },
  merge({ kernelSize }, { square, column, row }) {
    const around = (kernelSize - 1) / 2
    const middle: [number, number] = [around, around]
    const columns = tf.pad(column!, [[0, 0], middle, [0, 0], [0, 0]])
    const rows = tf.pad(row!, [middle, [0, 0], [0, 0], [0, 0]])
    return tf.addN([square!, columns, rows])
  },
  fromKernel: (_, kernel) => ({ square: kernel }),
})
