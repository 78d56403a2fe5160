import { batchNormFusions } from './batch-norm.ts'
import type { Fusion } from './op.ts'

/** The longer ones first. */
export const fusions: readonly Fusion[] = [...batchNormFusions]
