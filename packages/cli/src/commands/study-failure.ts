import { EXIT } from '../exit.ts'
import { exitCodeOfCode } from '../exit-code.ts'
import type { Failure } from '../io.ts'
import { resumeStudyCommand } from '../resume-command.ts'
import type { ArmResult } from './study-result.ts'

export interface StudyFailure extends Failure {
  readonly status: number
}

interface Circumstances {
  readonly interrupted: boolean
  readonly output: string
  /** What could not be written. */
  readonly missing: readonly string[]
}

/** Trainings of an outcome, as `hot, seed 0`. */
const failedTrials = (arms: readonly ArmResult[]) =>
  arms.flatMap(({ name, trials }) =>
    trials.flatMap(({ seed, error }) => (error === undefined ? [] : [{ name: `${name}, seed ${seed}`, error }])),
  )

/** Why a study is not what it was to be: what concerns most of it first. */
export function failureOf(arms: readonly ArmResult[], { interrupted, output, missing }: Circumstances) {
  const again = `Take it up with: ${resumeStudyCommand(output)}`
  const failure = (status: number, code: string, message: string, fix: string): StudyFailure => ({
    status,
    code,
    message,
    fix,
  })
  if (interrupted)
    return failure(EXIT.interrupted, 'training.interrupted', 'Stopped by a signal: the study is incomplete.', again)
  const failed = failedTrials(arms)
  const [first] = failed
  if (first) {
    const count = arms.flatMap(({ trials }) => trials).length
    const message = `${failed.length} of ${count} trainings failed: ${failed.map(({ name }) => name).join('; ')}. The first: ${first.error.message}`
    return failure(exitCodeOfCode(first.error.code), first.error.code, message, again)
  }
  if (missing.length > 0) {
    const message = `Not everything could be written: ${missing.join(', ')}.`
    return failure(EXIT.resources, 'output.unwritable', message, `Free some space. ${again}`)
  }
  const diverged = arms.filter(({ trials }) => trials.some(({ outcome }) => outcome === 'diverged'))
  if (diverged.length === 0) return undefined
  const message = `Training diverged: ${diverged.map(({ name }) => name).join(', ')}.`
  return failure(EXIT.diverged, 'training.diverged', message, 'Try a lower optimizer.learningRate.')
}
