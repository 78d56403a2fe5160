import type { Logs } from '@gpdjs/trainer'

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** `gap/dynamic-teacher` → `dynamic-teacher` */
const gaps = (logs: Logs): [string, number][] =>
  Object.entries(logs).flatMap(([name, value]) => (name.startsWith('gap/') ? [[name.slice('gap/'.length), value]] : []))

/** Losses by name, without the numbers that are shown elsewhere. */
export function lossesOf(logs: Logs, names: readonly string[]): string {
  return names.flatMap((name) => (logs[name] === undefined ? [] : [`${name} ${logs[name].toFixed(3)}`])).join('  ')
}

/** One line about an epoch: training loss, validation accuracy of the student, of its teachers, and the gap between them. */
export function epochSummary(logs: Logs): string {
  const parts = [`loss ${(logs['loss'] ?? Number.NaN).toFixed(3)}`]
  if (logs['val_acc'] === undefined) parts.push(`train ${percent(logs['acc'] ?? Number.NaN)}`)
  else parts.push(`student ${percent(logs['val_acc'])}`)
  for (const [name, gap] of gaps(logs)) {
    parts.push(`${name} ${percent(logs[`val_acc/${name}`]!)}`, `gap ${gap < 0 ? '−' : '+'}${(100 * Math.abs(gap)).toFixed(1)}`)
  }
  parts.push(`${Math.round(logs['images-per-second'] ?? 0)} images/s`)
  return parts.join('  ')
}
