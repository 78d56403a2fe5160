import { spawn } from 'node:child_process'

export interface ProgramResult {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Marks a program that is missing or not executable, unlike one that ran and failed. */
export class ProgramMissing extends Error {
  override readonly name = 'ProgramMissing'
}

/**
 * Runs a program to its end, without a shell.
 *
 * @throws ProgramMissing if it does not exist or may not be executed
 */
export function runProgram(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
    child.on('error', (cause) => reject(new ProgramMissing(`${file}: ${cause.message}`, { cause })))
    // A signal has no exit status; 128 + its number is a shell's convention, and any number but 0 will do here.
    child.on('close', (status, signal) =>
      resolve({ status: status ?? 128, ...output, ...(signal && { stderr: `${output.stderr}\nkilled by ${signal}` }) }),
    )
  })
}

/** The last lines of a program's output, where compilers and pip put the reason. */
export function lastLines({ stdout, stderr }: ProgramResult, count = 8): string {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trimEnd())
  return lines
    .filter((line) => line !== '')
    .slice(-count)
    .join('\n')
}
