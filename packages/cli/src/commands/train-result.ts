import type { BackendReport } from '@gpdjs/backends'
import { countParameters } from '@gpdjs/core'
import { listCheckpoints } from '@gpdjs/interchange'
import { evaluate, type DistillResult, type Outcome } from '@gpdjs/trainer'
import { EXIT } from '../exit.ts'
import { resumeCommand } from '../resume-command.ts'
import { RUN, writeJson } from '../run-folder.ts'
import { attempt, type Missing } from './save-networks.ts'
import { failureOf, type Place } from './train-failure.ts'
import { checkpointFolder, type Trained } from './training.ts'
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
  /** What could not be written: names in the folder. */
  readonly missing: readonly string[]
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

type Accuracy = TrainResult['accuracy']

/** Without anything about the test images. */
const untested = ({ best, history }: DistillResult): Accuracy => ({
  validation: history.at(-1)?.logs['val_acc'] ?? null,
  test: null,
  best: best ? { ...bestOf(best), test: null } : null,
  others: {},
  gap: {},
})

async function tested(result: DistillResult, { data }: Prepared, signal: AbortSignal | undefined): Promise<Accuracy> {
  const { best, history, learners, alternatives } = result
  const testOf = async (trained: DistillResult['student']) =>
    (await evaluate(trained, data.test, { ...(signal && { signal }) })).acc
  const test = await testOf(result.student)
  const others: Record<string, number> = {}
  for (const [name, trained] of without({ ...learners, ...alternatives }, STUDENT)) others[name] = await testOf(trained)
  const lastIsBest = best?.epoch === history.length - 1
  return {
    ...untested(result),
    test,
    best: best ? { ...bestOf(best), test: lastIsBest ? test : await testOf(best.student) } : null,
    others,
    gap: Object.fromEntries(without(learners, STUDENT).map(([name]) => [name, others[name]! - test])),
  }
}

/** A run that was interrupted should end soon: nothing is evaluated then. */
async function measureAccuracy({ result, kept }: Trained, prepared: Prepared, io: Io): Promise<Accuracy> {
  if (result.outcome === 'aborted' || io.signal?.aborted || kept === 'none') return untested(result)
  try {
    return await tested(result, prepared, io.signal)
  } catch (error) {
    if (io.signal?.aborted && error === io.signal.reason) return untested(result)
    throw error
  }
}

const bestOf = ({ epoch, value }: NonNullable<DistillResult['best']>) => ({ epoch, validation: value })

/** Epochs have the same number of steps, but for one in which training ended. */
function dataWaitOf({ history }: DistillResult): number | null {
  const shares = history.flatMap(({ logs }) => logs['data-wait'] ?? [])
  return shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length
}

/** The result of a run and its exit status; result.json is written. */
export async function measure(
  trained: Trained,
  prepared: Prepared,
  backend: BackendReport,
  { folder, io }: Pick<Place, 'folder' | 'io'>,
): Promise<{ readonly measured: TrainResult; readonly status: number }> {
  const { result } = trained
  const { network } = result.student
  const accuracy = await measureAccuracy(trained, prepared, io)
  const [newest] = await listCheckpoints(checkpointFolder(folder))
  const resultOf = (missing: readonly Missing[]) => {
    const { status = EXIT.ok, ...failure } = failureOf({ ...trained, missing }, { folder, io, whole: newest }) ?? {}
    const ok = status === EXIT.ok
    const measured: TrainResult = {
      ok,
      ...(!ok && { error: failure as Failure }),
      outcome: result.outcome,
      folder,
      missing: missing.map(({ name }) => name),
      backend: { name: backend.name, version: backend.version },
      seed: prepared.config.seed,
      steps: result.steps,
      seconds: result.seconds,
      dataWait: dataWaitOf(result),
      student: { network: network.name, parameters: countParameters(network.parameters), flops: flopsOf(network) },
      accuracy,
    }
    return { measured, status }
  }
  const whole = resultOf(trained.missing)
  const lost = await attempt(RUN.result, () => writeJson(folder, RUN.result, { schema: 1, ...whole.measured }))
  return lost.length === 0 ? whole : resultOf([...trained.missing, ...lost])
}

/** The last line: the folder of the results, and how to go on if that is not the end. */
function place({ outcome, folder, missing, error }: TrainResult): string {
  const ended = outcome === 'completed' && missing.length === 0 && error === undefined
  return ended || outcome === 'diverged'
    ? `Saved in ${folder}`
    : `Saved in ${folder}; to go on: ${resumeCommand(folder)}`
}

/** The same as text. */
export function report(io: Io, result: TrainResult): void {
  const { error, accuracy, seconds, dataWait } = result
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
  say(io, place(result))
}
