import { printable } from '../printable.ts'
import { percent } from './common.ts'
import type { ArmResult } from './study-result.ts'

const points = (share: number) => (100 * share).toFixed(2)

const measuredOf = (trials: ArmResult['trials']) => trials.filter(({ accuracy }) => accuracy !== null).length

/** How many seeds the accuracy is of, and of how many. */
const seedsOf = ({ trials }: ArmResult) => {
  const measured = measuredOf(trials)
  return measured === trials.length ? String(measured) : `${measured} of ${trials.length}`
}

const accuracyOf = ({ accuracy, trials }: ArmResult) => {
  if (accuracy === null) return trials.some(({ outcome }) => outcome === 'diverged') ? 'diverged' : 'failed'
  return measuredOf(trials) === 1
    ? percent(accuracy.mean)
    : `${points(accuracy.mean)} ± ${points(accuracy.deviation)} %`
}

const differenceOf = ({ name, difference }: ArmResult, baseline: string) => {
  if (name === baseline) return 'baseline'
  return difference === null ? '' : `${difference < 0 ? '−' : '+'}${points(Math.abs(difference))}`
}

const HEADER = ['arm', 'test accuracy', 'difference', 'training', 'parameters', 'GFLOPs a step', 'seeds']

/** A study as a table of text, one row for each arm. Differences are in percentage points. */
export function studyTable(arms: readonly ArmResult[], baseline: string): string {
  const rows = arms.map((arm) => [
    printable(arm.name),
    accuracyOf(arm),
    differenceOf(arm, baseline),
    `${arm.seconds.toFixed(1)} s`,
    Object.values(arm.cost?.parameters ?? {})
      .map((count) => count.toLocaleString('en'))
      .join(' + '),
    arm.cost === null ? '' : (arm.cost.stepFlops / 1e9).toPrecision(3),
    seedsOf(arm),
  ])
  const cells = [HEADER, ...rows]
  const widths = HEADER.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  return cells.map(line).join('\n')
}
