import type { BackendReport } from '@gpdjs/backends'
import { countParameters } from '@gpdjs/core'
import { evaluate, type DistillResult, type Outcome } from '@gpdjs/trainer'
import type { Prepared } from '../config/prepare.ts'
import type { Failure, Io } from '../io.ts'
import { say } from '../io.ts'
import { percent } from './common.ts'
import { flopsOf } from './cost.ts'

/** What a run was measured to be: the content of result.json, and what `--json` prints. */
export interface TrainResult {
  /** Whether training came to its end (or to `--max-steps`). */
  readonly ok: boolean
  readonly error?: Failure
  readonly outcome: Outcome
  readonly folder: string
  readonly backend: { readonly name: string; readonly version: string }
  readonly seed: number
  readonly steps: number
  readonly seconds: number
  /** Share of the training steps in which they waited for data, 0 … 1; null if there was no step. */
  readonly dataWait: number | null
  /** The network that is left after training; FLOPs of one image. */
  readonly student: { readonly network: string; readonly parameters: number; readonly flops: number }
  /** Shares in [0, 1]; null where it was not measured. */
  readonly accuracy: {
    /** Of the student after the last step. */
    readonly validation: number | null
    readonly test: number | null
    /** Of the student after the epoch with the best validation accuracy (epochs count from 0). */
    readonly best: { readonly epoch: number; readonly validation: number; readonly test: number | null } | null
    /** Test accuracy of the dynamic teacher after the last step, and of averages such as `ema`. */
    readonly others: Readonly<Record<string, number>>
    /** Test accuracy of the dynamic teacher minus that of the student. */
    readonly gap: Readonly<Record<string, number>>
  }
}

const STUDENT = 'student'

const without = <T>(record: Readonly<Record<string, T>>, name: string): [string, T][] =>
  Object.entries(record).filter(([key]) => key !== name)

async function measureAccuracy(result: DistillResult, { data }: Prepared): Promise<TrainResult['accuracy']> {
  const { best, history, learners, alternatives } = result
  const validation = history.at(-1)?.logs['val_acc'] ?? null
  // The run was interrupted and should end soon.
  if (result.outcome === 'aborted') {
    return { validation, test: null, best: best ? { ...bestOf(best), test: null } : null, others: {}, gap: {} }
  }
  const testOf = async (trained: DistillResult['student']) => (await evaluate(trained, data.test)).acc
  const test = await testOf(result.student)
  const others: Record<string, number> = {}
  for (const [name, trained] of without({ ...learners, ...alternatives }, STUDENT)) others[name] = await testOf(trained)
  const lastIsBest = best?.epoch === history.length - 1
  return {
    validation,
    test,
    best: best ? { ...bestOf(best), test: lastIsBest ? test : await testOf(best.student) } : null,
    others,
    gap: Object.fromEntries(without(learners, STUDENT).map(([name]) => [name, others[name]! - test])),
  }
}

const bestOf = ({ epoch, value }: NonNullable<DistillResult['best']>) => ({ epoch, validation: value })

/** Why a run did not come to its end. */
function failureOf({ outcome, problem, steps }: DistillResult): Failure | undefined {
  if (outcome === 'diverged') {
    return {
      code: 'training.diverged',
      message: `Training diverged: ${problem}. The student from before that step is saved.`,
      fix: 'Try a lower optimizer.learningRate, a warmUp, or a smaller optimizer.clipGlobalNorm.',
    }
  }
  if (outcome !== 'aborted') return undefined
  return { code: 'training.interrupted', message: `Stopped by a signal after step ${steps}. The student is saved.` }
}

/** Epochs have the same number of steps, but for one in which training ended. */
function dataWaitOf({ history }: DistillResult): number | null {
  const shares = history.flatMap(({ logs }) => logs['data-wait'] ?? [])
  return shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length
}

export async function measure(
  result: DistillResult,
  prepared: Prepared,
  backend: BackendReport,
  folder: string,
): Promise<TrainResult> {
  const { network } = result.student
  const error = failureOf(result)
  return {
    ok: error === undefined,
    ...(error && { error }),
    outcome: result.outcome,
    folder,
    backend: { name: backend.name, version: backend.version },
    seed: prepared.config.seed,
    steps: result.steps,
    seconds: result.seconds,
    dataWait: dataWaitOf(result),
    student: { network: network.name, parameters: countParameters(network.parameters), flops: flopsOf(network) },
    accuracy: await measureAccuracy(result, prepared),
  }
}

/** The same as text. The last line is the folder of the results. */
export function report(io: Io, { error, accuracy, seconds, dataWait, folder }: TrainResult): void {
  if (error) say(io, `gpd: ${[error.message, error.fix].filter(Boolean).join(' ')} [${error.code}]`)
  const { test, best, others } = accuracy
  if (test !== null) {
    const parts = [
      `student ${percent(test)}`,
      ...(best?.test == null ? [] : [`best by validation (epoch ${best.epoch + 1}) ${percent(best.test)}`]),
      ...Object.entries(others).map(([name, value]) => `${name} ${percent(value)}`),
    ]
    const waiting = dataWait === null ? '' : `, ${percent(dataWait)} of the steps waiting for data`
    say(io, `Test accuracy: ${parts.join(', ')}. ${seconds.toFixed(0)} s${waiting}.`)
  }
  say(io, `Saved in ${folder}`)
}
