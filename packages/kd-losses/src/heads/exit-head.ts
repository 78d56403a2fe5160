import { batchNorm, conv2d, dense, depthwiseConv2d, globalAveragePool, relu, type Graph, type Shape } from '@gpdjs/core'
import { once, startHead } from './heads.ts'
import { pooledTokens } from './token-head.ts'

/** Adds what stands between an intermediate result and the linear map to logits; returns the node of a vector. */
type Trunk = (g: Graph, where: string, name: string, shape: Shape, steps: number) => string

/** A separable convolution that halves height and width, and one that doubles the channels. */
const HALVES = [
  { strides: 2, widen: 1 },
  { strides: 1, widen: 2 },
] as const

function down(g: Graph, name: string, channels: number, x: string): string {
  return HALVES.reduce((y, { strides, widen }, i) => {
    const half = `${name}.${i}`
    // One row and one column of zeros on every side, also where the size is even.
    const filtered = g.add(`${half}.depthwise`, depthwiseConv2d({ kernelSize: 3, strides, padding: 1 }), y)
    const mixed = g.add(`${half}.pointwise`, conv2d({ filters: widen * channels, kernelSize: 1 }), filtered)
    return g.add(`${half}.relu`, relu(), g.add(half, batchNorm(), mixed))
  }, x)
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Pairs of separable convolutions, then the mean over the positions. */
const map: Trunk = (g, _, name, shape, steps) => {
  const deep = range(steps).reduce((x, i) => down(g, `${name}.down${i}`, shape.at(-1)! * 2 ** i, x), 'x')
  return g.add(`${name}.pool`, globalAveragePool(), deep)
}

/** Merged patches, and at least one block. */
const tokens: Trunk = (g, where, name, shape, steps) => pooledTokens(g, where, name, shape, Math.max(steps, 1))

const vector: Trunk = () => 'x'

/** By the number of axes without the batch. */
const TRUNKS: Readonly<Record<number, Trunk>> = { 1: vector, 2: tokens, 3: map }

/**
 * A head that makes logits of an intermediate result: from `x` to `logits`.
 *
 * @param shape of the intermediate result without the batch axis: a map, tokens or a vector
 * @param steps how many stages are deeper: separable convolutions of a map, blocks of tokens
 * @throws GpdError `network.shape` for tokens that are no square of patches
 */
export const exitHead = once((where: string, name: string, shape: Shape, steps: number, classes: number) => {
  const g = startHead(name, shape)
  return g.build(g.add(name, dense({ units: classes }), TRUNKS[shape.length]!(g, where, name, shape, steps)))
})
