import * as tf from '@tensorflow/tfjs'
import {
  batchNorm,
  channelSplit,
  concat,
  conv2d,
  gate,
  add,
  resizeNearest,
  sigmoid,
  graph,
  type Graph,
  type OpCall,
  type ParameterSpec,
  type Shape,
  type TensorRecord,
} from '@gpdjs/core'
import { floats, headOf, headSpecs, once, runHead } from './heads.ts'

export interface FusedLevel {
  /** In the shape of the teacher's map. */
  readonly output: tf.Tensor4D
  /** What the next shallower level takes, `[batch, height, width, common]`: the map before `expand`. */
  readonly residual: tf.Tensor4D
}

/** `a₁ x + a₂ u` with two weights per position, `[a₁, a₂] = σ(conv([x; u]))`. */
function blend(g: Graph, name: string, x: string, u: string): string {
  const both = g.add(`${name}.both`, concat(), x, u)
  const scores = g.add(`${name}.kernel`, conv2d({ filters: 2, kernelSize: 1, useBias: true }), both)
  const rates = g.add(`${name}.rates`, sigmoid(), scores)
  const weighed = [x, u].map((map, index) =>
    g.add(`${name}.weighed${index}`, gate(), map, g.add(`${name}.rate${index}`, channelSplit({ index }), rates)),
  )
  return g.add(`${name}.sum`, add(), ...weighed)
}

/** One level: from the student's `map` and what is `deeper`, if anything is, to `output` and `residual`. */
const fusion = once((name: string, map: Shape, deeper: Shape | null, common: number, teacher: Shape) => {
  const g = graph({ name, inputs: { map: floats(map), ...(deeper && { deeper: floats(deeper) }) } })
  const resized = (part: string, x: string, [height, width]: Shape) =>
    g.add(`${name}.${part}`, resizeNearest({ height: height!, width: width! }), x)
  const normalized = (part: string, convolution: OpCall, x: string) =>
    g.add(`${name}.${part}`, batchNorm(), g.add(`${name}.${part}.kernel`, convolution, x))
  const x = normalized('reduce', conv2d({ filters: common, kernelSize: 1 }), 'map')
  const fused = deeper ? blend(g, `${name}.attention`, x, resized('deeper', 'deeper', map)) : x
  const residual = resized('residual', fused, teacher)
  const output = normalized('expand', conv2d({ filters: teacher.at(-1)!, kernelSize: 3 }), residual)
  return g.build({ output, residual })
})

/**
 * Attention based fusion of one level of the student with everything deeper.
 *
 * @param map the student's, `[batch, height, width, channels]`
 * @param deeper the residual of the next deeper level, of any size; absent at the deepest level
 * @param size height and width of the teacher's map
 * @param heads trained with the student, kernels HWIO: `<name>.reduce.kernel` `[1, 1, student, common]` with the `weight`
 *   and `bias` of its batch normalization, `<name>.expand.kernel` `[3, 3, common, teacher]` with those of its own, and, if
 *   something is deeper, `<name>.attention.kernel` `[1, 1, 2 · common, 2]` and its `bias`
 * @param name (default `'fusion'`)
 * @throws GpdError `plugin.invalid` naming a tensor that is missing
 * @see Chen et al., "Distilling Knowledge via Knowledge Review", CVPR 2021, section 3.2
 */
export function attentionFusion(
  map: tf.Tensor4D,
  deeper: tf.Tensor4D | undefined,
  size: readonly [height: number, width: number],
  heads: TensorRecord,
  name = 'fusion',
): FusedLevel {
  const where = 'attentionFusion'
  const width = (part: string) => headOf(where, heads, `${name}.${part}.kernel`).shape[3]!
  const shapeOf = (x: tf.Tensor4D): Shape => x.shape.slice(1)
  const teacher = [...size, width('expand')]
  const network = fusion(name, shapeOf(map), deeper ? shapeOf(deeper) : null, width('reduce'), teacher)
  const { output, residual } = tf.tidy(() => runHead(where, network, heads, { map, ...(deeper && { deeper }) }))
  return { output: output as tf.Tensor4D, residual: residual as tf.Tensor4D }
}

/** What `attentionFusion` trains; the deepest level rates nothing. Kernels begin uniform in ±√(3 / fan). */
export function attentionFusionSpecs(
  name: string,
  width: { readonly student: number; readonly common: number; readonly teacher: number },
  isDeepest: boolean,
): ParameterSpec[] {
  const { student, common, teacher } = width
  const network = fusion(name, [1, 1, student], isDeepest ? null : [1, 1, common], common, [1, 1, teacher])
  const specs = headSpecs(network, (fan) => ({ kind: 'uniform', limit: Math.sqrt(3 / fan) }))
  const isAttention = (spec: ParameterSpec) => Number(spec.name.startsWith(`${name}.attention.`))
  // The attention comes last: sums over all trained tensors are rounded in this order.
  return specs.sort((a, b) => isAttention(a) - isAttention(b))
}
