import * as tf from '@tensorflow/tfjs'
import {
  axesShape,
  isPlainAxis,
  kinds,
  needed,
  randomStream,
  roleRatio,
  segmentRatio,
  type Axis,
  type Given,
  type GroupRatios,
  sizeOf,
} from '@gpdjs/core'

const NOISE = {
  /** `zero-sum` keeps the function exactly; `iid` is the authors' (with deviation 1e-6). */
  kind: needed(kinds.oneOf('zero-sum', 'iid')),
  /** Standard deviation, an absolute number. */
  deviation: needed(kinds.nonNegative),
}

export const noises = kinds.record(NOISE)

/**
 * Noise that makes the copies of a channel differ; without any, they would receive equal gradients for ever.
 *
 * - `zero-sum`: free for every block of a kernel but the student's own, mean removed over the copies of the input, so
 *   that the expanded network still computes exactly the same function, at any size
 * - `iid`: independent noise on every entry, the student's own included, as in the authors' code (1e-6 there)
 */
export type Noise = Given<typeof NOISE>

function normals(size: number, deviation: number, seed: number, name: string): Float32Array {
  const stream = randomStream(seed, 'expansion-noise', name)
  return Float32Array.from({ length: size }, () => deviation * stream.normal())
}

/**
 * For axes `[…, in, …, out, …]` with `r_in` copies of the input and `r_out` of the output, in blocks `N[a, b]`:
 * `N[0, 0] = 0`, and `Σ_b N[a, b] = 0` for every copy `a` of the output.
 */
function zeroSum(noise: tf.Tensor, axes: readonly Axis[], ratios: GroupRatios): tf.Tensor {
  const input = axes.findIndex((axis) => axis.role === 'input')
  const output = axes.findIndex((axis) => axis.role === 'output')
  const copiesAt = (at: number) => (at < 0 ? 1 : segmentRatio(axes[at]!.segments[0]!, ratios))
  const [inputs, outputs] = [copiesAt(input), copiesAt(output)]
  const rows = tf.split(noise, inputs, input)
  const centered = (blocks: tf.Tensor[]): tf.Tensor[] => {
    if (blocks.length === 0) return []
    const mean = tf.div(tf.addN(blocks), blocks.length)
    return blocks.map((block) => tf.sub(block, mean))
  }
  const columns = (blocks: tf.Tensor[], from: number, to: number) =>
    blocks.map((block) => {
      const width = block.shape[output]! / outputs
      const begin = block.shape.map((_, at) => (at === output ? from * width : 0))
      return tf.slice(
        block,
        begin,
        block.shape.map((size, at) => (at === output ? (to - from) * width : size)),
      )
    })
  // The student's own output channels: its own block stays clean, the other copies of the input sum to zero.
  const [own, ...others] = output < 0 ? rows : columns(rows, 0, 1)
  const first = [tf.zerosLike(own!), ...centered(others)]
  if (outputs === 1) return tf.concat(first, input)
  const rest = centered(columns(rows, 1, outputs))
  return tf.concat([tf.concat(first, input), tf.concat(rest, input)], output)
}

/** The noise to add to an expanded tensor (before the storage scale), or nothing where none may be added. */
export function expansionNoise(
  name: string,
  axes: readonly Axis[],
  ratios: GroupRatios,
  noise: Noise,
  seed: number,
): tf.Tensor | undefined {
  const kernel = axes.some(({ role }) => role === 'input')
  if (noise.deviation === 0 || !kernel) return undefined
  const shape = axesShape(axes, ratios)
  const draw = () => tf.tensor(normals(sizeOf(shape), noise.deviation, seed, name), shape)
  if (noise.kind === 'iid') return draw()
  return axes.every(isPlainAxis) && roleRatio(axes, 'input', ratios) > 1 ? zeroSum(draw(), axes, ratios) : undefined
}
