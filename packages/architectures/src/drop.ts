import { add, stochasticDepth, type dropout, type Graph } from '@gpdjs/core'

/** A regularizer where its rate is above zero. */
export const dropped = (
  g: Graph,
  id: string,
  op: typeof dropout | typeof stochasticDepth,
  rate: number,
  x: string,
): string => (rate > 0 ? g.add(id, op({ rate }), x) : x)

/** `x + branch`, the branch being skipped by some samples. */
export function residual(g: Graph, id: string, x: string, branch: string, dropPath: number): string {
  return g.add(id, add(), x, dropped(g, `${id}.dropPath`, stochasticDepth, dropPath, branch))
}

/** Rates of blocks from 0 to `rate`, in equal steps. Huang et al., "Deep Networks with Stochastic Depth", 2016. */
export const dropPathRates = (rate: number, depth: number): number[] =>
  Array.from({ length: depth }, (_, i) => (rate * i) / Math.max(1, depth - 1))
