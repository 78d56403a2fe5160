import type * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { adaptiveAveragePool as poolTo, resizeNearest as resizeTo } from '../tensor-ops/resample.ts'
import * as kinds from '../options/kinds.ts'
import { needed } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Rows that come out, whatever goes in. */
  height: needed(kinds.count),
  /** Columns that come out. */
  width: needed(kinds.count),
}

/** Maps `[height, width, channels]` to `[attributes.height, attributes.width, channels]`, each channel by itself. */
const resizing = (name: string, resize: typeof poolTo) =>
  defineOp({
    name,
    attributes: ATTRIBUTES,
    infer({ node, attributes: { height, width }, inputs }) {
      const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
      if (shape.length !== 3) {
        throw new GpdError(
          'network.shape',
          `Node '${node}': expected an image [height, width, channels], got [${shape.join(', ')}].`,
        )
      }
      return { shape: [height, width, shape[2]!], channels }
    },
    apply: ({ attributes: { height, width }, inputs }) => resize(inputs[0] as tf.Tensor4D, [height, width]),
  })

/**
 * Average pooling to a size. Windows overlap where sizes do not divide, and repeat pixels where the image is smaller than
 * what is asked for.
 */
export const adaptiveAveragePool = resizing('adaptiveAveragePool', poolTo)

/** Resizing by copies: each new position has the numbers of the old one at `⌊i · from / to⌋`. */
export const resizeNearest = resizing('resizeNearest', resizeTo)
