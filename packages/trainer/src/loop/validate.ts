import type { BatchSource } from '@gpdjs/core'
import { evaluate } from '../evaluate.ts'
import { extractActor } from '../extract.ts'
import { disposeModel } from './best-epoch.ts'
import { metricName } from '../gradient-pass.ts'
import { STUDENT, type Pipeline } from '../pipeline/pipeline.ts'
import type { TrainingState } from '../training-state.ts'

/**
 * Every metric of every actor that changes, on the validation set: `val_<metric>` of the student, `val_<metric>/<actor>`
 * of the others, and `val_gap/<actor>`, how far the judged metric of that actor is above the student's.
 *
 * @throws the reason of the signal once it is aborted
 */
export async function validate(
  pipeline: Pipeline,
  state: TrainingState,
  validation: BatchSource,
  signal?: AbortSignal,
): Promise<Record<string, number>> {
  const { task, actors } = pipeline
  const { metric: judged } = task.judge
  const logs: Record<string, number> = {}
  for (const { name } of actors.filter(({ role }) => role !== 'frozen')) {
    const model = extractActor(pipeline, state, name)
    const metrics = await evaluate(model, validation, { task, signal }).finally(() => disposeModel(model))
    for (const [metric, value] of Object.entries(metrics)) logs[`val_${metricName(metric, name)}`] = value
    if (name !== STUDENT) logs[`val_gap/${name}`] = metrics[judged]! - logs[`val_${judged}`]!
  }
  return logs
}
