import type { Logs } from '@gpdjs/trainer'

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** `val_gap/dynamic-teacher` → `dynamic-teacher` */
const gaps = (logs: Logs): [string, number][] =>
  Object.entries(logs).flatMap(([name, value]) =>
    name.startsWith('val_gap/') ? [[name.slice('val_gap/'.length), value]] : [],
  )

/** Losses by name, without the numbers that are shown elsewhere. */
export function lossesOf(logs: Logs, names: readonly string[]): string {
  return names.flatMap((name) => (logs[name] === undefined ? [] : [`${name} ${logs[name].toFixed(3)}`])).join('  ')
}

/** Validation accuracy of the student and of its dynamic teacher, and the gap between them; empty without a validation. */
export function accuracySummary(logs: Logs): string {
  if (logs['val_acc'] === undefined) return ''
  const parts = [`student ${percent(logs['val_acc'])}`]
  for (const [name, gap] of gaps(logs)) {
    const size = `gap ${gap < 0 ? '−' : '+'}${(100 * Math.abs(gap)).toFixed(1)}`
    parts.push(`${name} ${percent(logs[`val_acc/${name}`]!)}`, size)
  }
  return parts.join('  ')
}

/** One line about an epoch: training loss, accuracies, speed. */
export function epochSummary(logs: Logs): string {
  const loss = `loss ${(logs['loss'] ?? Number.NaN).toFixed(3)}`
  const accuracies = accuracySummary(logs) || `train ${percent(logs['acc'] ?? Number.NaN)}`
  return `${loss}  ${accuracies}  ${Math.round(logs['samples-per-second'] ?? 0)} images/s`
}
