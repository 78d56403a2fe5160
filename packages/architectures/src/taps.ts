import type { Graph, Network, Shape } from '@gpdjs/core'

/** A map of positions, a list of tokens, or one vector for each image. */
export type TapKind = 'map' | 'tokens' | 'vector'

/** A place in a network that feature losses can compare. */
export interface Tap {
  readonly name: string
  /** Without the batch axis: `[height, width, channels]`, `[tokens, channels]` or `[channels]`. */
  readonly shape: Shape
  readonly kind: TapKind
}

const KINDS: readonly TapKind[] = ['vector', 'tokens', 'map']

/**
 * The taps of a network, in the order in which it names them.
 *
 * @example listTaps(resnet({ depth: 20, classes: 10 })).filter(({ kind }) => kind === 'map').map(({ name }) => name)
 */
export function listTaps(network: Network): Tap[] {
  return Object.entries(network.taps).map(([name, node]) => {
    const shape = network.shapes[node]! // networks are checked to have every node that a tap names
    return { name, shape, kind: KINDS[shape.length - 1] ?? 'map' }
  })
}

/**
 * Taps of a stack of blocks: `block1`, `block2`, … behind each, and `layer1` … `layer4` behind each quarter, which are
 * what stages are to a convolutional network.
 */
export function tapBlocks(g: Graph, outputs: readonly string[]): void {
  outputs.forEach((node, i) => g.tap(`block${i + 1}`, node))
  for (const quarter of [1, 2, 3, 4]) {
    const node = outputs[Math.max(1, Math.floor((quarter * outputs.length) / 4)) - 1]
    if (node !== undefined) g.tap(`layer${quarter}`, node)
  }
}
