import { GpdError, type Progress } from '@gpdjs/core'

/** In which steps of a run a group of tensors moves. Between them it rests. */
export interface Turns {
  /** Every so many steps. Default 1. */
  readonly every?: number
  /** Steps before the first turn, in [0, every): with `every: 2`, 1 moves in the steps that 0 leaves out. Default 0. */
  readonly offset?: number
  /** From one share of the run to another, each in [0, 1]. Default the whole run. */
  readonly during?: readonly [from: number, until: number]
}

/** @throws GpdError `config.invalid` for numbers out of range */
export function checkTurns(group: string, { every = 1, offset = 0, during = [0, 1] }: Turns): void {
  const wrong = (option: string, expected: string, value: unknown) =>
    new GpdError(
      'config.invalid',
      `partition: ${group}: ${option}: expected ${expected}, got ${JSON.stringify(value)}.`,
    )
  if (!(Number.isInteger(every) && every >= 1)) throw wrong('every', 'a positive integer', every)
  if (!(Number.isInteger(offset) && offset >= 0 && offset < every))
    throw wrong('offset', `an integer from 0 to every − 1 = ${every - 1}`, offset)
  const [from, until] = during
  if (!(from >= 0 && from < until && until <= 1))
    throw wrong('during', 'two shares of the run, 0 ≤ from < until ≤ 1', during)
}

/** Turns in the steps before one: `⌈(step − first) / every⌉`, between `from` and `until`. */
function turnsBefore({ every = 1, offset = 0, during = [0, 1] }: Turns, { step, totalSteps }: Progress): number {
  const [from, until] = during
  // A loop of one's own may go on after the last step of its schedules.
  const end = until === 1 ? step : Math.min(step, Math.round(until * totalSteps))
  return Math.ceil(Math.max(0, end - Math.round(from * totalSteps) - offset) / every)
}

/** Whether a step is one of the turns. */
export const isTurn = (turns: Turns, { step, totalSteps }: Progress): boolean =>
  turnsBefore(turns, { step: step + 1, totalSteps }) > turnsBefore(turns, { step, totalSteps })

/** Progress of one group: only the steps in which it moves are counted. */
export const ownProgress = (turns: Turns, { step, totalSteps }: Progress): Progress => ({
  step: turnsBefore(turns, { step, totalSteps }),
  totalSteps: Math.max(1, turnsBefore(turns, { step: totalSteps, totalSteps })),
})
