import { dense, globalAveragePool, graph, type Graph, type Network, type Shape } from '@gpdjs/core'
import { residualBlock, type BlockDesign, type Features } from './residual-block.ts'

/** A residual network, whatever its family. */
export interface ResidualDesign {
  readonly name: string
  readonly inputShape: Shape
  readonly classes: number
  /** Turns the image into the first feature maps. */
  readonly stem: (g: Graph) => Features
  readonly block: BlockDesign
  /** Channels of the first stage; every further stage has twice as many and half the height and width. */
  readonly width: number
  /** Blocks of each stage. */
  readonly blocks: readonly number[]
}

/** Stage `layer<i>`: its output is the tap of that name, the sum before its last ReLU the tap `layer<i>.preactivation`. */
function stage(g: Graph, x: Features, index: number, { block, width, blocks }: ResidualDesign): Features {
  const name = `layer${index + 1}`
  const count = blocks[index] ?? 0
  let features = x
  for (let i = 0; i < count; i++) {
    const strides = index > 0 && i === 0 ? 2 : 1
    features = residualBlock(g, features, `${name}.${i}`, block(width * 2 ** index, strides))
  }
  g.tap(name, features.node)
  g.tap(`${name}.preactivation`, `${name}.${count - 1}.add`)
  return features
}

/** Stem, stages, the mean over all positions (tap `pool`) and the classifier `fc`. */
export function residualNetwork(design: ResidualDesign): Network {
  const g = graph({ name: design.name, inputShape: design.inputShape })
  const features = design.blocks.reduce((x, _, index) => stage(g, x, index, design), design.stem(g))
  const pool = g.add('pool', globalAveragePool(), features.node)
  g.tap('pool', pool)
  return g.build(g.add('fc', dense({ units: design.classes }), pool))
}
