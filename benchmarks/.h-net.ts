import { add, batchNorm, conv2d, dense, globalAveragePool, graph, relu, type Graph } from '@gpdjs/core'
function convBn(g: Graph, x: string, conv: string, bn: string, filters: number, k: number, s: number) {
  return g.add(bn, batchNorm(), g.add(conv, conv2d({ filters, kernelSize: k, strides: s, padding: (k - 1) / 2 }), x))
}
export function cifarResnet({ width, blocks, inputShape, classes }: { width: number; blocks: readonly number[]; inputShape: readonly number[]; classes: number }) {
  const g = graph({ name: 'r', inputShape })
  let x = g.add('relu', relu(), convBn(g, 'image', 'conv1', 'bn1', width, 3, 1))
  let last = width
  blocks.forEach((n, stage) => {
    for (let b = 0; b < n; b++) {
      const f = width * 2 ** stage, s = stage > 0 && b === 0 ? 2 : 1, at = `layer${stage + 1}.${b}`
      const h = g.add(`${at}.relu1`, relu(), convBn(g, x, `${at}.conv1`, `${at}.bn1`, f, 3, s))
      const y = convBn(g, h, `${at}.conv2`, `${at}.bn2`, f, 3, 1)
      const sc = s === 1 && last === f ? x : convBn(g, x, `${at}.downsample.0`, `${at}.downsample.1`, f, 1, s)
      x = g.add(`${at}.relu2`, relu(), g.add(`${at}.add`, add(), y, sc)); last = f
    }
  })
  return g.build(g.add('fc', dense({ units: classes }), g.add('pool', globalAveragePool(), x)))
}
