import type { Io } from './io.ts'
import { printableLines } from './printable.ts'
import { canRedraw, CLEAR_LINE } from './progress/terminal.ts'

/** What a command is given to write to. */
export interface Outlet {
  readonly io: Io
  /** Whether results could not be written. */
  failed(): boolean
}

/**
 * The one place where text leaves the program. Names in it come from files, so nothing that steers a terminal goes out, but
 * for the code of this program that clears a line, and that only on a terminal. A terminal or log that cannot be written to
 * ends no run.
 */
export function outlet(io: Io): Outlet {
  const redraws = canRedraw(io.stderr, io.env)
  let failed = false
  return {
    io: {
      ...io,
      stdout: {
        write(text) {
          try {
            io.stdout.write(printableLines(text))
          } catch {
            failed = true
          }
        },
      },
      stderr: {
        isTTY: io.stderr.isTTY === true,
        get columns() {
          return io.stderr.columns ?? 0
        },
        write(text) {
          const clears = text.startsWith(CLEAR_LINE)
          const shown = printableLines(clears ? text.slice(CLEAR_LINE.length) : text)
          try {
            io.stderr.write(clears && redraws ? `${CLEAR_LINE}${shown}` : shown)
          } catch {
            // Nobody hears it.
          }
        },
      },
    },
    failed: () => failed,
  }
}
