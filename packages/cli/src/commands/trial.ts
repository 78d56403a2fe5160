import { listCheckpoints } from '@gpdjs/interchange'
import { evaluate } from '@gpdjs/trainer'
import { disposePrepared, prepare } from '../config/prepare.ts'
import type { Config } from '../config/schema.ts'
import { describe } from '../describe-error.ts'
import { say, type CommandContext } from '../io.ts'
import { clearRunFolder, RUN, writeJson } from '../run-folder.ts'
import type { StepWatch } from '../run-start.ts'
import { costOf } from './cost.ts'
import { attempt } from './save-networks.ts'
import { savedTrial } from './saved-trial.ts'
import type { Trial } from './study-result.ts'
import { checkpointFolder, trainInto } from './training.ts'

export interface TrialOptions {
  readonly title: string
  readonly folder: string
  readonly maxSteps: number | undefined
  readonly watch: StepWatch
  /** What may differ from the run that is gone on with; undefined in a new study. */
  readonly allow: readonly string[] | undefined
}

const hasCheckpoints = async (folder: string) => (await listCheckpoints(checkpointFolder(folder))).length > 0

/** Trains one arm with one seed; undefined if that was interrupted. */
async function train(context: CommandContext, config: Config, options: TrialOptions): Promise<Trial | undefined> {
  const { folder, allow, title, maxSteps } = options
  const goesOn = allow !== undefined && (await hasCheckpoints(folder))
  if (allow !== undefined && !goesOn) await clearRunFolder(folder)
  const prepared = await prepare(config)
  try {
    const trained = await trainInto(context, prepared, { ...options, ...(goesOn && { resume: { allow } }) })
    const { result } = trained
    const { outcome, seconds, problem } = result
    if (outcome === 'diverged') say(context, `${title}: ${problem}.`)
    const measured = outcome === 'completed' || outcome === 'stopped'
    const { signal } = context
    const accuracy = measured
      ? (await evaluate(result.student, prepared.data.test, { ...(signal && { signal }) })).acc
      : null
    const cost = costOf(result.learners, prepared)
    result.dispose()
    if (outcome === 'aborted') return undefined
    const missing = trained.missing.map(({ name }) => name)
    return { seed: config.seed, outcome, accuracy, seconds, cost, maxSteps: maxSteps ?? null, missing }
  } finally {
    disposePrepared(prepared)
  }
}

/** A training that failed is counted and shown; the others go on. */
async function failed(context: CommandContext, error: unknown, seed: number, options: TrialOptions): Promise<Trial> {
  const { status: _, ...failure } = await describe(error)
  say(context, `${options.title}: ${failure.message} [${failure.code}]`)
  const { maxSteps = null } = options
  return { seed, outcome: 'failed', error: failure, accuracy: null, seconds: 0, cost: null, maxSteps, missing: [] }
}

export interface TrialEnding {
  readonly trial: Trial
  /** What it failed by. */
  readonly error?: unknown
}

/** One training of a study, unless it is done already; undefined if it was interrupted. */
export async function runTrial(
  context: CommandContext,
  config: Config,
  options: TrialOptions,
): Promise<TrialEnding | undefined> {
  const { folder, maxSteps, allow, title } = options
  const saved = allow && (await savedTrial(folder, config.seed, maxSteps))
  if (saved) {
    say(context, `${title}: is done.`)
    return { trial: saved }
  }
  try {
    const trial = await train(context, config, options)
    if (trial === undefined) return undefined
    const lost = await attempt(RUN.result, () => writeJson(folder, RUN.result, trial))
    return { trial: { ...trial, missing: [...trial.missing, ...lost.map(({ name }) => name)] } }
  } catch (error) {
    if (context.signal?.aborted) return undefined
    return { trial: await failed(context, error, config.seed, options), error }
  }
}
