import {
  add,
  concatTokens,
  dense,
  gelu,
  GpdError,
  layerNorm,
  meanToken,
  selfAttention,
  sliceTokens,
  spaceToDepth,
  takeToken,
  toMap,
  toTokens,
  type Graph,
  type Shape,
} from '@gpdjs/core'

/** Patches are merged while at least this many are left along each side. */
const LEAST_SIDE = 7
/** Hidden numbers of a block's perceptron, per channel. */
const EXPANSION = 4
const HEADS = 4
const EPSILON = 1e-5
/** A class token, and perhaps one for distillation. */
const MOST_EXTRA = 2

interface TokenLayout {
  /** Tokens that are no patches and stand before them. */
  readonly extra: number
  /** Patches along each side of the image. */
  readonly side: number
  /** How often the patches are merged 2 × 2. */
  readonly merges: number
}

const mergesOf = (side: number): number => (side % 2 === 0 && side / 2 >= LEAST_SIDE ? 1 + mergesOf(side / 2) : 0)

/** @throws GpdError `network.shape` unless the tokens are a square of patches and at most two more */
export function tokenLayout(where: string, tokens: number): TokenLayout {
  // No two squares are 1 or 2 apart but 0 and 1: there is at most one answer.
  const extra = Array.from({ length: MOST_EXTRA + 1 }, (_, n) => n).find((n) => Number.isInteger(Math.sqrt(tokens - n)))
  if (extra === undefined || extra === tokens) {
    const problem = `${where}: expected a square of patches and at most ${MOST_EXTRA} tokens before them, got ${tokens} tokens.`
    throw new GpdError('network.shape', problem, 'Name a tap of feature maps or of one vector per image.')
  }
  const side = Math.sqrt(tokens - extra)
  return { extra, side, merges: mergesOf(side) }
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))

/** Four neighbors become one token of the same width. */
function mergePatches(g: Graph, name: string, side: number, width: number, x: string): string {
  const map = g.add(`${name}.map`, toMap({ height: side, width: side }), x)
  const joined = g.add(`${name}.tokens`, toTokens(), g.add(`${name}.joined`, spaceToDepth(), map))
  const normal = g.add(name, layerNorm({ epsilon: EPSILON }), joined)
  return g.add(`${name}.kernel`, dense({ units: width, useBias: false }), normal)
}

/** `x + attention(LN(x))`, then `x + MLP(LN(x))`. */
function block(g: Graph, name: string, width: number, x: string): string {
  const norm = (part: string, y: string) => g.add(`${name}.${part}`, layerNorm({ epsilon: EPSILON }), y)
  const linear = (part: string, units: number, y: string) => g.add(`${name}.${part}`, dense({ units }), y)
  const heads = greatestCommonDivisor(HEADS, width)
  const seen = g.add(`${name}.attention`, selfAttention({ heads }), linear('qkv', 3 * width, norm('norm1', x)))
  const attended = g.add(`${name}.attended`, add(), x, linear('proj', width, seen))
  const hidden = g.add(`${name}.gelu`, gelu(), linear('fc1', EXPANSION * width, norm('norm2', attended)))
  return g.add(`${name}.sum`, add(), attended, linear('fc2', width, hidden))
}

/**
 * Adds the layers between tokens `x` and the vector that is classified: merged patches and blocks, then the first token
 * where there is one beside the patches, else the mean of all.
 *
 * @param shape `[tokens, width]`
 * @returns the node of the vector, `[width]`
 */
export function pooledTokens(g: Graph, where: string, name: string, shape: Shape, blocks: number): string {
  const [tokens, width] = shape as [number, number]
  const { extra, side, merges } = tokenLayout(where, tokens)
  const slice = (part: string, from: number, count: number) =>
    count === tokens ? 'x' : g.add(`${name}.${part}`, sliceTokens({ from, count }), 'x')
  const merged = range(merges).reduce(
    (patches, i) => {
      const fewer = mergePatches(g, `${name}.merge${i}`, side / 2 ** i, width, patches)
      // As released: no activation after the last of several.
      return i > 0 && i === merges - 1 ? fewer : g.add(`${name}.merge${i}.gelu`, gelu(), fewer)
    },
    slice('patches', extra, tokens - extra),
  )
  const all = extra === 0 ? merged : g.add(`${name}.all`, concatTokens(), slice('extra', 0, extra), merged)
  const deep = range(blocks).reduce((x, i) => block(g, `${name}.block${i}`, width, x), all)
  return extra === 0 ? g.add(`${name}.mean`, meanToken(), deep) : g.add(`${name}.first`, takeToken(), deep)
}
