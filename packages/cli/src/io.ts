import { printableJson } from './printable.ts'
import type { ProgressStream } from './progress/terminal.ts'

/** The outside world of a command: where it writes, and what may stop it. */
export interface Io {
  /** Results. */
  readonly stdout: { write(text: string): unknown }
  /** Talk: progress, warnings, errors. */
  readonly stderr: ProgressStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by the first signal that asks the program to end. */
  readonly signal?: AbortSignal
}

/** What every command is given. */
export interface CommandContext extends Io {
  readonly args: readonly string[]
}

/** @returns the exit status */
export type Command = (context: CommandContext) => Promise<number>

export const say = (io: Io, text: string): void => void io.stderr.write(`${text}\n`)

/** The one object of `--json`. */
export const printJson = (io: Io, value: object): void =>
  void io.stdout.write(`${printableJson({ schema: 1, ...value })}\n`)

/** What `--json` prints for a failure. */
export interface Failure {
  readonly code: string
  readonly message: string
  /** What to do about it. */
  readonly fix?: string
}
