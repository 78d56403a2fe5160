import { broadcastingCases } from './conformance/broadcasting.cases.ts'
import type { ConformanceCase } from './conformance/case.ts'
import { composedCases } from './conformance/composed.cases.ts'
import { convolutionCases } from './conformance/convolutions.cases.ts'
import { imageCases } from './conformance/images.cases.ts'
import { poolingCases } from './conformance/pooling.cases.ts'
import { productCases } from './conformance/products.cases.ts'
import { reductionCases } from './conformance/reductions.cases.ts'
import { selectionCases } from './conformance/selections.cases.ts'
import { shapeCases } from './conformance/shapes.cases.ts'
import { tensorOpCases } from './conformance/tensor-ops.cases.ts'
import { volumeCases } from './conformance/volumes.cases.ts'

export type { ConformanceCase, Filling } from './conformance/case.ts'

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
