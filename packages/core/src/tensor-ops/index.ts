// Operations with the best implementation that each backend has; `tensorOps` of the package.
export { batchNorm, normalize, type BatchNormResult } from './batch-norm.ts'
export { biasAdd } from './bias-add.ts'
export { channelSum } from './channel-sum.ts'
export { globalAveragePool } from './global-average-pool.ts'
export { kernelSum } from './kernel-sum.ts'
export { relu } from './relu.ts'
export { stopGradient } from './stop-gradient.ts'
export { withoutTape } from './without-tape.ts'
