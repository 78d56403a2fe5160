import { GpdError, kinds, option, type Filled, type Progress } from '@gpdjs/core'

/** In which steps of a run a group of tensors moves. Between them it rests. */
export const TURNS = {
  /** Every so many steps (default 1). */
  every: option(kinds.count, 1),
  /** Steps before the first turn, less than `every`: with `every: 2`, 1 moves in the steps that 0 leaves out (default 0). */
  offset: option(kinds.countOrNone, 0),
  /** From one share of the run to another (default: the whole run). */
  during: option(
    kinds.kind<readonly [from: number, until: number]>(
      'two shares of the run, 0 ≤ from < until ≤ 1',
      (value) => Array.isArray(value) && value.length === 2 && value[0] >= 0 && value[0] < value[1] && value[1] <= 1,
    ),
    [0, 1],
  ),
}

type Turns = Filled<typeof TURNS>

/** @throws GpdError `config.invalid` for an offset of a whole turn or more */
export function checkOffset(where: string, { every, offset }: Turns): void {
  if (offset < every) return
  const problem = `${where}: offset: expected a whole number from 0 to every − 1 = ${every - 1}, got ${offset}.`
  throw new GpdError('config.invalid', problem)
}

/** Turns in the steps before one: `⌈(step − first) / every⌉`, between `from` and `until`. */
function turnsBefore({ every, offset, during }: Turns, { step, totalSteps }: Progress): number {
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
