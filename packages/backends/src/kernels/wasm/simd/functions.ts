import { channelMap, channelSums } from './channel-kernels.ts'
import { convolveRow, packPanel } from './convolve-row.ts'
import { copyRows } from './copy-rows.ts'
import { dotProducts } from './dot-products.ts'
import { dotRow, packDots } from './dot-row.ts'
import { filterGradientTap } from './filter-gradient.ts'
import { gelu, geluGradient } from './gelu.ts'
import { maxPoolWindow } from './max-pool-window.ts'
import { momentumUpdate } from './momentum-update.ts'
import { smallProducts, smallTransposedProducts } from './small-products.ts'
import { transposeMatrices } from './transpose-matrix.ts'
import { winogradFilter, winogradFilterGradient } from './winograd-filter.ts'
import { winogradGradient, winogradInput, winogradOutput } from './winograd.ts'

/** `out = dy where y > 0` */
const reluGradient = channelMap({
  name: 'reluGradient',
  maps: ['dy', 'y'],
  coefficients: [],
  map: (l, { dy, y }) => l.where(y, dy),
})

/** `total += Σ x` */
const channelSum = channelSums({
  name: 'channelSum',
  maps: ['x'],
  coefficients: [],
  sums: ['total'],
  terms: { total: (_, { x }) => x },
})

/** `out = coefficient`, for every row */
const channelFill = channelMap({
  name: 'channelFill',
  maps: [],
  coefficients: ['value'],
  map: (_, { value }) => value,
})

/** `out = x`, where there may be gaps between the rows of either */
const channelCopy = channelMap({ name: 'channelCopy', maps: ['x'], coefficients: [], map: (_, { x }) => x })

/** `out = x + b` */
const channelAdd = channelMap({
  name: 'channelAdd',
  maps: ['x'],
  coefficients: ['b'],
  map: (l, { x, b }) => l.add(x, b),
})

/** `out = x · a + b` */
const channelAffine = channelMap({
  name: 'channelAffine',
  maps: ['x'],
  coefficients: ['a', 'b'],
  map: (l, { x, a, b }) => l.add(l.mul(x, a), b),
})

/** `out = dy · a + x · b + c`: what the closed-form gradient of batch normalization comes down to */
const channelCombine = channelMap({
  name: 'channelCombine',
  maps: ['dy', 'x'],
  coefficients: ['a', 'b', 'c'],
  map: (l, { dy, x, a, b, c }) => l.add(l.add(l.mul(dy, a), l.mul(x, b)), c),
})

/** `total += Σ (x − mean)²` */
const centeredSquares = channelSums({
  name: 'centeredSquares',
  maps: ['x'],
  coefficients: ['mean'],
  // The difference is computed twice: cheaper than one more local variable that may spill.
  sums: ['total'],
  terms: { total: (l, { x, mean }) => l.mul(l.sub(x, mean), l.sub(x, mean)) },
})

/** `total += Σ dy`, `moment += Σ dy · (x − mean)` */
const gradientMoments = channelSums({
  name: 'gradientMoments',
  maps: ['dy', 'x'],
  coefficients: ['mean'],
  sums: ['total', 'moment'],
  terms: { total: (_, { dy }) => dy, moment: (l, { dy, x, mean }) => l.mul(dy, l.sub(x, mean)) },
})

/** `total += Σ x · dy`: one tap of a depthwise filter's gradient */
const productSum = channelSums({
  name: 'productSum',
  maps: ['x', 'dy'],
  coefficients: [],
  sums: ['total'],
  terms: { total: (l, { x, dy }) => l.mul(x, dy) },
})

/** `out = sum + dy · w`: one tap of a depthwise convolution's input gradient */
const multiplyAdd = channelMap({
  name: 'multiplyAdd',
  maps: ['sum', 'dy'],
  coefficients: ['w'],
  map: (l, { sum, dy, w }) => l.add(sum, l.mul(dy, w)),
})

/** Every function of the vector module; kernels call them by name. */
export const simdFunctions = [
  filterGradientTap,
  packPanel,
  convolveRow(8),
  convolveRow(4),
  convolveRow(3),
  convolveRow(2),
  convolveRow(1),
  copyRows,
  packDots(3),
  packDots(2),
  packDots(1),
  dotProducts(3),
  dotProducts(2),
  dotProducts(1),
  dotRow(3),
  dotRow(2),
  dotRow(1),
  gelu,
  geluGradient,
  maxPoolWindow,
  reluGradient,
  channelSum,
  channelFill,
  channelCopy,
  channelAdd,
  channelAffine,
  channelCombine,
  centeredSquares,
  gradientMoments,
  productSum,
  multiplyAdd,
  transposeMatrices,
  momentumUpdate,
  smallProducts,
  smallTransposedProducts,
  winogradFilter,
  winogradFilterGradient,
  winogradGradient,
  winogradInput,
  winogradOutput,
] as const
