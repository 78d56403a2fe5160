import {
  add,
  averagePool,
  batchNorm,
  concat,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  gate,
  gelu,
  globalAveragePool,
  globalMaxPool,
  graph,
  layerNorm,
  maxPool,
  multiply,
  prelu,
  relu,
  rescale,
  resizeNearest,
  sigmoid,
  spaceToDepth,
  toMap,
  type Graph,
  type Network,
} from '@gpdjs/core'
import fc from 'fast-check'

/** What may stand between the image and the head; each keeps `x` an image. */
const BLOCKS = {
  conv: (g, x, id, width) =>
    g.add(
      `${id}.relu`,
      relu(),
      g.add(`${id}.bn`, batchNorm(), g.add(id, conv2d({ filters: width, kernelSize: 3 }), x)),
    ),
  biased: (g, x, id, width) =>
    g.add(`${id}.gelu`, gelu(), g.add(id, conv2d({ filters: width, kernelSize: 1, useBias: true }), x)),
  strided: (g, x, id, width) =>
    g.add(`${id}.bn`, batchNorm(), g.add(id, conv2d({ filters: width, kernelSize: 3, strides: 2, padding: 1 }), x)),
  depthwise: (g, x, id) =>
    g.add(`${id}.bn`, batchNorm(), g.add(id, depthwiseConv2d({ kernelSize: 3, padding: 1, useBias: true }), x)),
  grouped: (g, x, id, width) =>
    g.add(
      id,
      conv2d({ filters: 2 * width, kernelSize: 3, groups: 2 }),
      g.add(`${id}.in`, conv2d({ filters: 2 * width, kernelSize: 1 }), x),
    ),
  residual(g, x, id, width) {
    const shortcut = g.add(`${id}.shortcut`, conv2d({ filters: width, kernelSize: 1 }), x)
    const inner = g.add(
      `${id}.conv2`,
      conv2d({ filters: width, kernelSize: 3 }),
      g.add(`${id}.relu`, relu(), g.add(`${id}.conv1`, conv2d({ filters: width + 1, kernelSize: 3 }), x)),
    )
    return g.add(`${id}.add`, add(), inner, shortcut)
  },
  identity(g, x, id, width) {
    const first = g.add(`${id}.conv1`, conv2d({ filters: width, kernelSize: 3 }), x)
    return g.add(`${id}.add`, add(), first, g.add(`${id}.conv2`, conv2d({ filters: width, kernelSize: 3 }), first))
  },
  branches: (g, x, id, width) =>
    g.add(
      `${id}.concat`,
      concat(),
      g.add(`${id}.a`, conv2d({ filters: width, kernelSize: 3 }), x),
      g.add(`${id}.b`, conv2d({ filters: width + 1, kernelSize: 1 }), x),
    ),
  maxPool: (g, x, id, width) =>
    g.add(
      `${id}.pool`,
      maxPool({ kernelSize: 2, strides: 1 }),
      g.add(id, conv2d({ filters: width, kernelSize: 1 }), x),
    ),
  averagePool: (g, x, id, width) =>
    g.add(
      `${id}.pool`,
      averagePool({ kernelSize: 2, strides: 1 }),
      g.add(id, conv2d({ filters: width, kernelSize: 1 }), x),
    ),
  // One channel alone has no variance, and dividing by √ε makes rounding a thousand times larger.
  layerNorm: (g, x, id, width) =>
    g.add(`${id}.norm`, layerNorm(), g.add(id, conv2d({ filters: width + 2, kernelSize: 1 }), x)),
  merged: (g, x, id, width) =>
    g.add(
      id,
      conv2d({ filters: width, kernelSize: 1 }),
      g.add(`${id}.merged`, spaceToDepth(), g.add(`${id}.resized`, resizeNearest({ height: 14, width: 12 }), x)),
    ),
  rescaled(g, x, id, width) {
    const each = Array.from({ length: width }, (_, i) => 1.5 - i)
    const made = g.add(id, conv2d({ filters: width, kernelSize: 3 }), x)
    return g.add(`${id}.line`, rescale({ factor: each, shift: each.map((value) => value / 3) }), made)
  },
  narrow: (g, x, id, width) =>
    g.add(
      `${id}.pool`,
      averagePool({ kernelSize: [1, 2], strides: 1, padding: 'same' }),
      g.add(id, conv2d({ filters: width, kernelSize: [3, 1], strides: [1, 2], padding: 1 }), x),
    ),
  apart: (g, x, id, width) =>
    g.add(
      `${id}.spatial`,
      depthwiseConv2d({ kernelSize: [2, 3], dilation: [1, 2] }),
      g.add(id, conv2d({ filters: width, kernelSize: 3, dilation: 2, useBias: true }), x),
    ),
  sloped: (g, x, id, width) =>
    g.add(
      `${id}.each`,
      prelu({ perPosition: true }),
      g.add(`${id}.slope`, prelu(), g.add(id, conv2d({ filters: width, kernelSize: 3 }), x)),
    ),
  excited(g, x, id, width) {
    const made = g.add(id, conv2d({ filters: width, kernelSize: 3 }), x)
    const squeezed = g.add(`${id}.map`, toMap({ height: 1, width: 1 }), g.add(`${id}.mean`, globalAveragePool(), made))
    const rates = g.add(`${id}.many`, conv2d({ filters: width, kernelSize: 1, useBias: true }), squeezed)
    return g.add(`${id}.excited`, multiply(), g.add(`${id}.rates`, sigmoid(), rates), made)
  },
  gated: (g, x, id) =>
    g.add(
      id,
      gate(),
      x,
      g.add(`${id}.rate`, sigmoid(), g.add(`${id}.score`, conv2d({ filters: 1, kernelSize: 1 }), x)),
    ),
} as const satisfies Record<string, (g: Graph, x: string, id: string, width: number) => string>

const HEADS = {
  pooled: (g, x) => g.add('head', globalAveragePool(), x),
  flat: (g, x) => g.add('head', flatten(), x),
  largest: (g, x) => g.add('head', globalMaxPool(), x),
  hidden: (g, x) => g.add('head', relu(), g.add('hidden', dense({ units: 6 }), g.add('flat', flatten(), x))),
} as const satisfies Record<string, (g: Graph, x: string) => string>

export interface NetworkRecipe {
  readonly blocks: readonly { readonly kind: keyof typeof BLOCKS; readonly width: number }[]
  readonly head: keyof typeof HEADS
}

/** Small random networks that use every op through which channels flow. */
export const networkRecipe: fc.Arbitrary<NetworkRecipe> = fc.record({
  blocks: fc.array(
    fc.record({
      kind: fc.constantFrom(...(Object.keys(BLOCKS) as (keyof typeof BLOCKS)[])),
      width: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  head: fc.constantFrom(...(Object.keys(HEADS) as (keyof typeof HEADS)[])),
})

/** Images 7×6 with 2 channels, 3 classes. */
export function buildRecipe({ blocks, head }: NetworkRecipe): Network {
  const g = graph({ name: 'random', inputShape: [7, 6, 2] })
  const stem = g.add('stem', conv2d({ filters: 3, kernelSize: 3 }), 'image')
  const body = blocks.reduce((x, { kind, width }, i) => BLOCKS[kind](g, x, `block${i}`, width), stem)
  return g.build(g.add('fc', dense({ units: 3 }), HEADS[head](g, body)))
}
