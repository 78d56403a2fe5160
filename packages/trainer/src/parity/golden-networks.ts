import { add, batchNorm, conv2d, dense, depthwiseConv2d, globalAveragePool, graph, relu, type Graph, type Network } from '@gpdjs/core'
import type { GoldenRun } from './golden-run.ts'

const SAME = { kernelSize: 3, padding: 1 } as const

function convNorm(g: Graph, x: string, [conv, norm]: [string, string], filters: number, strides: number, useBias = false): string {
  return g.add(norm, batchNorm(), g.add(conv, conv2d({ ...SAME, filters, strides, useBias }), x))
}

function block(g: Graph, x: string, name: string, filters: number, strides: number): string {
  const at = (part: string) => `${name}.${part}`
  const first = g.add(at('relu1'), relu(), convNorm(g, x, [at('conv1'), at('bn1')], filters, strides))
  const second = convNorm(g, first, [at('conv2'), at('bn2')], filters, 1)
  const shortcut =
    strides === 1
      ? x
      : g.add(at('downsample.1'), batchNorm(), g.add(at('downsample.0'), conv2d({ filters, kernelSize: 1, strides, padding: 0 }), x))
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

/** The network of a recorded run, as `golden/README` describes it. */
export const goldenNetwork = (run: GoldenRun): Network => (run.name.startsWith('depthwise') ? depthwise() : resnet(run.has('student/conv1.bias')))
