import * as tf from '@tensorflow/tfjs'
import type { BatchSource } from '../data/batch-source.ts'
import { evaluate } from '../evaluate.ts'
import { extractActor } from '../extract.ts'
import { STUDENT, type Pipeline } from '../pipeline/pipeline.ts'
import type { TrainingState } from '../training-state.ts'

/** Accuracy and loss of every learner on the validation set, and how far the teachers among them are ahead. */
export async function validate(
  pipeline: Pipeline,
  state: TrainingState,
  validation: BatchSource,
): Promise<Record<string, number>> {
  const logs: Record<string, number> = {}
  for (const { name } of pipeline.actors.filter(({ role }) => role === 'learner')) {
    const trained = extractActor(pipeline, state, name)
    const { accuracy, loss } = await evaluate(trained, validation)
    tf.dispose([trained.parameters, trained.statistics])
    const suffix = name === STUDENT ? '' : `/${name}`
    logs[`val_acc${suffix}`] = accuracy
    logs[`val_loss${suffix}`] = loss
    if (name !== STUDENT) logs[`gap/${name}`] = accuracy - logs['val_acc']!
  }
  return logs
}
