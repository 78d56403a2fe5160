import {
  add,
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  gelu,
  globalAveragePool,
  graph,
  layerNorm,
  maxPool,
  meanToken,
  relu,
  selfAttention,
  toMap,
  toTokens,
  type Graph,
  type Network,
} from '@gpdjs/core'
import type { GoldenRun } from './golden-run.ts'

const SAME = { kernelSize: 3, padding: 1 } as const

function convNorm(
  g: Graph,
  x: string,
  [conv, norm]: [string, string],
  filters: number,
  strides: number,
  useBias = false,
): string {
  return g.add(norm, batchNorm(), g.add(conv, conv2d({ ...SAME, filters, strides, useBias }), x))
}

function block(g: Graph, x: string, name: string, filters: number, strides: number): string {
  const at = (part: string) => `${name}.${part}`
  const first = g.add(at('relu1'), relu(), convNorm(g, x, [at('conv1'), at('bn1')], filters, strides))
  const second = convNorm(g, first, [at('conv2'), at('bn2')], filters, 1)
  const shortcut =
    strides === 1
      ? x
      : g.add(
          at('downsample.1'),
          batchNorm(),
          g.add(at('downsample.0'), conv2d({ filters, kernelSize: 1, strides, padding: 0 }), x),
        )
  return g.add(at('relu2'), relu(), g.add(at('add'), add(), second, shortcut))
}

function resnet(useBias: boolean): Network {
  const g = graph({ name: 'golden-resnet', inputShape: [8, 8, 3] })
  const stem = g.add('relu1', relu(), convNorm(g, 'image', ['conv1', 'bn1'], 4, 1, useBias))
  const body = block(g, block(g, stem, 'layer1.0', 4, 1), 'layer2.0', 8, 2)
  return g.build(g.add('fc', dense({ units: 5 }), g.add('pool', globalAveragePool(), body)))
}

function depthwise(): Network {
  const g = graph({ name: 'golden-depthwise', inputShape: [8, 8, 3] })
  let x = g.add('relu1', relu(), convNorm(g, 'image', ['conv1', 'bn1'], 4, 1))
  x = g.add('relu2', relu(), g.add('bn2', batchNorm(), g.add('dw', depthwiseConv2d(SAME), x)))
  x = g.add('relu3', relu(), g.add('bn3', batchNorm(), g.add('pw', conv2d({ filters: 8, kernelSize: 1 }), x)))
  return g.build(g.add('fc', dense({ units: 5 }), g.add('pool', globalAveragePool(), x)))
}

function rvtBlock(g: Graph, x: string, name: string): string {
  const at = (part: string) => `${name}.${part}`
  const qkv = g.add(at('attn.qkv'), dense({ units: 24 }), g.add(at('norm1'), layerNorm(), x))
  const attended = g.add(at('attn.proj'), dense({ units: 8 }), g.add(at('attn'), selfAttention({ heads: 2 }), qkv))
  const middle = g.add(at('add1'), add(), x, attended)
  let y = g.add(at('map'), toMap({ height: 4, width: 4 }), g.add(at('norm2'), layerNorm(), middle))
  y = g.add(at('mlp.bn1'), batchNorm(), g.add(at('mlp.fc1'), conv2d({ filters: 32, kernelSize: 1, useBias: true }), y))
  y = g.add(at('mlp.act1'), gelu(), y)
  y = g.add(at('mlp.bn2'), batchNorm(), g.add(at('mlp.dwconv'), depthwiseConv2d({ ...SAME, useBias: true }), y))
  y = g.add(at('mlp.act2'), gelu(), y)
  y = g.add(at('mlp.bn3'), batchNorm(), g.add(at('mlp.fc2'), conv2d({ filters: 8, kernelSize: 1, useBias: true }), y))
  return g.add(at('add2'), add(), middle, g.add(at('tokens'), toTokens(), y))
}

function rvt(): Network {
  const g = graph({ name: 'golden-rvt', inputShape: [64, 64, 3] })
  let x = g.add(
    'patch_embed.proj.0',
    conv2d({ filters: 32, kernelSize: 7, strides: 2, padding: 2, useBias: true }),
    'image',
  )
  x = g.add(
    'patch_embed.proj.2',
    maxPool({ kernelSize: 3, strides: 2, padding: 1 }),
    g.add('patch_embed.proj.1', batchNorm(), x),
  )
  x = g.add('patch_embed.proj.3', conv2d({ filters: 8, kernelSize: 4, strides: 4, padding: 0, useBias: true }), x)
  x = g.add('tokens', toTokens(), x)
  for (const block of [0, 1]) x = rvtBlock(g, x, `transformers.0.blocks.${block}`)
  return g.build(
    g.add('head', dense({ units: 5 }), g.add('norm', layerNorm({ epsilon: 1e-6 }), g.add('pool', meanToken(), x))),
  )
}

/** The network of a recorded run, as `golden/README` describes it. */
export function goldenNetwork(run: GoldenRun): Network {
  if (run.name.startsWith('rvt')) return rvt()
  return run.name.startsWith('depthwise') ? depthwise() : resnet(run.has('student/conv1.bias'))
}
