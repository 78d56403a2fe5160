import { fillOptions, kinds, optional, type Given } from '@gpdjs/core'
import type { Callbacks, Logs, TrainInfo } from '@gpdjs/trainer'
import { accuracySummary, epochSummary, lossesOf } from './summary.ts'
import { bar, canRedraw, clock, type ProgressStream } from './terminal.ts'

const OPTIONS = {
  /** What is being trained. */
  title: optional(kinds.text),
  /** Milliseconds between two drawings or lines (default: 100 on a terminal, 10,000 elsewhere). */
  interval: optional(kinds.nonNegative),
  /** Whether to redraw one line (default: on a terminal, except a dumb one or in continuous integration). */
  redraw: optional(kinds.flag),
}

export type ProgressOptions = Given<typeof OPTIONS>

const CLEAR_LINE = '\r\u001b[2K'
const BAR_WIDTH = 20

/** Cuts a line to the width of the terminal, so that it never wraps and leaves traces. */
const fit = (line: string, columns: number) =>
  line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`

/**
 * Callbacks that show how training goes: on a terminal one line that is redrawn in place, elsewhere a plain line now
 * and then, and one line for each epoch on both. Drawn when a step ends, never by a timer.
 *
 * @param stream where to write; its width is asked for at every drawing, so that resizing a terminal does no harm
 * @example distill({ ...options, callbacks: progressBar(process.stderr, { title: 'student' }) })
 */
export function progressBar(stream: ProgressStream, options: ProgressOptions = {}): Callbacks {
  const given = fillOptions('progressBar', OPTIONS, options)
  const redraw = given.redraw ?? canRedraw(stream)
  const interval = given.interval ?? (redraw ? 100 : 10_000)
  const title = given.title === undefined ? '' : `${given.title}  `
  let info: TrainInfo
  let began = 0
  let drawn = 0
  let accuracies = ''

  const line = (step: number, logs: Logs) => {
    const seconds = (performance.now() - began) / 1000
    const left = clock((seconds / step) * (info.totalSteps - step))
    const speed = `${Math.round(logs['samples-per-second'] ?? 0)} images/s`
    const where = `${title}${redraw ? `${bar(step / info.totalSteps, BAR_WIDTH)} ` : ''}${step}/${info.totalSteps}`
    return [where, `${left} left`, speed, accuracies, lossesOf(logs, info.losses)].filter(Boolean).join('  ')
  }
  const put = (text: string) => stream.write(redraw ? `${CLEAR_LINE}${fit(text, stream.columns || 80)}` : `${text}\n`)
  return {
    onTrainBegin(training) {
      info = training
      began = drawn = performance.now()
      accuracies = ''
    },
    onBatchEnd(step, logs) {
      const now = performance.now()
      if (now - drawn < interval) return
      drawn = now
      put(line(step, logs))
    },
    onEpochEnd(epoch, logs) {
      accuracies = accuracySummary(logs)
      const text = `${title}epoch ${epoch + 1}/${info.epochs}  ${epochSummary(logs)}  ${clock((performance.now() - began) / 1000)}`
      stream.write(redraw ? `${CLEAR_LINE}${text}\n` : `${text}\n`)
    },
    onTrainEnd() {
      if (redraw) stream.write(CLEAR_LINE)
    },
  }
}
