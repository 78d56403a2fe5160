import { broadcastingCases } from './broadcasting.cases.ts'
import type { ConformanceCase } from './case.ts'
import { composedCases } from './composed.cases.ts'
import { convolutionCases } from './convolutions.cases.ts'
import { imageCases } from './images.cases.ts'
import { poolingCases } from './pooling.cases.ts'
import { productCases } from './products.cases.ts'
import { reductionCases } from './reductions.cases.ts'
import { selectionCases } from './selections.cases.ts'
import { shapeCases } from './shapes.cases.ts'
import { tensorOpCases } from './tensor-ops.cases.ts'
import { volumeCases } from './volumes.cases.ts'

export type { ConformanceCase, Filling } from './case.ts'

/** A shader cannot read a tensor without numbers, unless the case itself names its `refusedBy`. */
const refusedIfEmpty = (subject: ConformanceCase): ConformanceCase =>
  Object.values(subject.inputs).some(({ shape }) => shape.includes(0)) ? { refusedBy: ['webgpu'], ...subject } : subject

/** What every backend must compute right: see docs/backends.md. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...convolutionCases,
  ...poolingCases,
  ...volumeCases,
  ...imageCases,
  ...productCases,
  ...broadcastingCases,
  ...selectionCases,
  ...reductionCases,
  ...shapeCases,
  ...tensorOpCases,
  ...composedCases,
].map(refusedIfEmpty)
