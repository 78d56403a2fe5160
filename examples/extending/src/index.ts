import { registerOp } from '@gpdjs/core'
import { prelu } from './prelu.ts'

registerOp(prelu)

export { prelu } from './prelu.ts'
export { logitMse, logitMseRows } from './logit-mse.ts'
export { asymmetric } from './asymmetric.ts'
export { mutualLearning, type MutualLearningOptions } from './mutual-learning.ts'
export { pairs, twoTowers } from './two-towers.ts'
export { languageModel, nextToken, type LanguageModelOptions } from './next-token.ts'
