import { runCli } from '../cli.ts'
import type { Io } from '../io.ts'

export interface Run {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line in this process and catches what it writes. */
export async function run(args: readonly string[], io: Partial<Io> = {}): Promise<Run> {
  const written = { stdout: '', stderr: '' }
  const status = await runCli(args, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    env: {},
    ...io,
  })
  return { status, ...written }
}
