import {
  add,
  concatTokens,
  dense,
  embedding,
  gelu,
  graph,
  layerNorm,
  meanToken,
  positionEmbedding,
  relu,
  selfAttention,
  unitLength,
  type FieldSpec,
  type Graph,
  type Network,
} from '@gpdjs/core'
import fc from 'fast-check'

export const TOKENS = 5
export const VOCABULARY = 7

interface Block {
  readonly hidden: number
  readonly norms: boolean
  readonly activation: 'gelu' | 'relu'
}

export interface TextRecipe {
  /** Half the channels of a token: one head or two of this size. */
  readonly half: number
  readonly heads: 1 | 2
  readonly blocks: readonly Block[]
  readonly masked: boolean
}

export const textRecipe: fc.Arbitrary<TextRecipe> = fc.record({
  // Few channels may have next to no variance, and dividing by that makes rounding larger.
  half: fc.integer({ min: 2, max: 3 }),
  heads: fc.constantFrom(1 as const, 2 as const),
  blocks: fc.array(
    fc.record({
      hidden: fc.integer({ min: 1, max: 5 }),
      norms: fc.boolean(),
      activation: fc.constantFrom('gelu' as const, 'relu' as const),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  masked: fc.boolean(),
})

const tokens = (length: number): FieldSpec => ({ shape: [length], dtype: 'int32', size: VOCABULARY })
const MASK = { mask: { shape: [TOKENS], dtype: 'float32' as const } }

function embedded(g: Graph, input: string, width: number): string {
  const table = g.add(`${input}.embed`, embedding({ units: width, vocabulary: VOCABULARY }), input)
  return g.add(`${input}.position`, positionEmbedding(), table)
}

/** `x + attention(x)`, then `x + mlp(x)`. */
function transformer(g: Graph, x: string, { half, heads, blocks, masked }: TextRecipe, causal: boolean): string {
  const width = 2 * half
  return blocks.reduce((before, { hidden, norms, activation }, i) => {
    const at = (name: string) => `block${i}.${name}`
    const normal = (name: string, y: string) => (norms ? g.add(at(name), layerNorm(), y) : y)
    const qkv = g.add(at('qkv'), dense({ units: 3 * width }), normal('norm1', before))
    const attended = g.add(at('attention'), selfAttention({ heads, causal }), qkv, ...(masked ? ['mask'] : []))
    const middle = g.add(at('add1'), add(), before, g.add(at('out'), dense({ units: width }), attended))
    const wide = g.add(at('fc1'), dense({ units: hidden }), normal('norm2', middle))
    const active = g.add(at('act'), activation === 'gelu' ? gelu() : relu(), wide)
    return g.add(at('add2'), add(), middle, g.add(at('fc2'), dense({ units: width }), active))
  }, x)
}

/** `tokens [5]` → `logits [5, 7]`: the next word at each place. */
export function languageModel(recipe: TextRecipe): Network {
  const inputs = { tokens: tokens(TOKENS), ...(recipe.masked && MASK) }
  const g = graph({ name: 'language-model', inputs })
  const x = transformer(g, embedded(g, 'tokens', 2 * recipe.half), recipe, true)
  return g.build(g.add('head', dense({ units: VOCABULARY }), g.add('norm', layerNorm(), x)))
}

/** `tokens [5]` → `vector [3]` of length 1. */
export function textEncoder(recipe: TextRecipe): Network {
  const g = graph({ name: 'text-encoder', inputs: { tokens: tokens(TOKENS), ...MASK } })
  const x = transformer(g, embedded(g, 'tokens', 2 * recipe.half), recipe, false)
  const vector = g.add('project', dense({ units: 3 }), g.add('mean', meanToken(), x, 'mask'))
  return g.build({ vector: g.add('unit', unitLength(), vector) })
}

/** `query [2]` and `document [3]`, read together → `score [1]`, and the mean token. */
export function crossEncoder(recipe: TextRecipe): Network {
  const inputs = { query: tokens(2), document: tokens(3), ...MASK }
  const g = graph({ name: 'cross-encoder', inputs })
  const texts = ['query', 'document'].map((input) => embedded(g, input, 2 * recipe.half))
  const x = transformer(g, g.add('both', concatTokens(), ...texts), recipe, false)
  return g.build({ score: g.add('fc', dense({ units: 1 }), g.add('mean', meanToken(), x, 'mask')) })
}
