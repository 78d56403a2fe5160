import { apply, type Fields, type Task, type TensorRecord } from '@gpdjs/core'
import { momentsOf, type Actor } from './pipeline/actor.ts'
import { inputsOf } from './pipeline/pass.ts'
import { rowsOf } from './tasks/rows.ts'
import type { PlannedPass } from './pipeline/plan-passes.ts'
import type { PassOutputs } from './pipeline/term.ts'

/** The tensors of a run that parameters and moments are functions of. */
export interface RunTensors {
  /** Trained tensors, constants and states. */
  readonly tensors: TensorRecord
  readonly statistics: TensorRecord
}

/** Outputs and taps that are known already, by the name of their pass. */
export type KnownOutputs = Readonly<Record<string, { readonly outputs: Fields; readonly taps?: Fields }>>

/** What a network has computed, with the rows that the task makes of it. */
export const withRows = (task: Task, result: { outputs: Fields; taps: Fields }, fields: Fields): PassOutputs => ({
  ...rowsOf(task, result.outputs, fields),
  outputs: result.outputs,
  taps: result.taps,
})

/** An actor on some inputs, in evaluation mode. */
export function inEvaluation(
  { network }: Actor,
  model: { readonly parameters: TensorRecord; readonly statistics: TensorRecord },
  inputs: Fields,
  taps: readonly string[],
): { outputs: Fields; taps: Fields } {
  return apply({ network, ...model }, inputs, { training: false, taps })
}

/** The passes of actors that are not trained in this step, computed unless they are known. */
export function fixedOutputs(
  task: Task,
  passes: readonly PlannedPass[],
  { tensors, statistics }: RunTensors,
  fields: Fields,
  known: KnownOutputs,
): Record<string, PassOutputs> {
  const entries = passes.map((pass) => {
    const { name, actorOf: actor, taps } = pass
    const found = known[name]
    if (found) return [name, withRows(task, { taps: {}, ...found }, fields)] as const
    const model = { parameters: actor.parameters(tensors), statistics: momentsOf(actor, tensors, statistics) }
    return [name, withRows(task, inEvaluation(actor, model, inputsOf(actor, pass, fields), taps), fields)] as const
  })
  return Object.fromEntries(entries)
}

/** Samples of a batch: the length of the first axis of its fields. */
export const samplesOf = (fields: Fields): number => Object.values(fields)[0]!.shape[0]!
