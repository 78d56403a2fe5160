import { percent } from './common.ts'
import type { ArmResult } from './study-result.ts'

const points = (share: number) => (100 * share).toFixed(2)

const accuracyOf = ({ accuracy, trials }: ArmResult) => {
  if (accuracy === null) return 'diverged'
  return trials.length === 1 ? percent(accuracy.mean) : `${points(accuracy.mean)} ± ${points(accuracy.deviation)} %`
}

const differenceOf = ({ name, difference }: ArmResult, baseline: string) => {
  if (name === baseline) return 'baseline'
  return difference === null ? '' : `${difference < 0 ? '−' : '+'}${points(Math.abs(difference))}`
}

const HEADER = ['arm', 'test accuracy', 'difference', 'training', 'parameters', 'GFLOPs a step', 'seeds']

/** A study as a table of text, one row for each arm. Differences are in percentage points. */
export function studyTable(arms: readonly ArmResult[], baseline: string): string {
  const rows = arms.map((arm) => [
    arm.name,
    accuracyOf(arm),
    differenceOf(arm, baseline),
    `${arm.seconds.toFixed(1)} s`,
    Object.values(arm.cost.parameters)
      .map((count) => count.toLocaleString('en'))
      .join(' + '),
    (arm.cost.stepFlops / 1e9).toPrecision(3),
    String(arm.trials.length),
  ])
  const cells = [HEADER, ...rows]
  const widths = HEADER.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  return cells.map(line).join('\n')
}
