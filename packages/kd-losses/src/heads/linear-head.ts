import { dense, type Shape } from '@gpdjs/core'
import { once, startHead } from './heads.ts'

/** A linear map of the last axis: a 1 × 1 convolution of a map, a dense layer of a vector. The output is `y`. */
export const linearHead = once((name: string, shape: Shape, units: number, useBias: boolean) => {
  const g = startHead(name, shape)
  return g.build({ y: g.add(name, dense({ units, useBias }), 'x') })
})
