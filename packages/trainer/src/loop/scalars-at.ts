import type { StepScalars } from '../step-scalars.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { valueAt } from '../schedule.ts'

/** The numbers of a step that schedules decide. */
export function scalarsAt(
  { pipeline, totalSteps }: { readonly pipeline: Pipeline; readonly totalSteps: number },
  step: number,
): StepScalars {
  const progress = { step, totalSteps }
  return {
    totalSteps,
    weights: Object.fromEntries(pipeline.terms.map(({ name, weight }) => [name, valueAt(weight, progress)])),
  }
}
