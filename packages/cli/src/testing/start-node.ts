import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** A process that has begun. */
export interface Started {
  /** Resolves when it has said something. */
  said(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<{
    readonly status: number | null
    readonly stdout: string
    readonly stderr: string
    /** Milliseconds from the last signal to the end. */
    readonly took: number
  }>
}

export interface ProcessOptions {
  readonly cwd: string
  /** Files to write to. Default: what is written is kept. */
  readonly stdout?: string
  readonly stderr?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Starts Node with these arguments, as a pipe in CI does: without a terminal. */
export function startNode(
  args: readonly string[],
  { cwd, stdout = 'pipe', stderr = 'pipe', env }: ProcessOptions,
): Started {
  const files = [stdout, stderr].map((path) => (path === 'pipe' ? path : openSync(path, 'w')))
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, CI: 'true', ...env },
    stdio: ['ignore', files[0]!, files[1]!],
  })
  for (const file of files) if (typeof file === 'number') closeSync(file)
  const text = { stdout: '', stderr: '' }
  const waiting: (() => void)[] = []
  child.stdout?.on('data', (data: Buffer) => void (text.stdout += String(data)))
  child.stderr?.on('data', (data: Buffer) => {
    text.stderr += String(data)
    for (const check of waiting) check()
  })
  let signalled = 0
  const ended = new Promise<Awaited<Started['ended']>>((resolve) => {
    child.on('close', (status) => resolve({ status, ...text, took: performance.now() - signalled }))
  })
  return {
    ended,
    kill(signal) {
      signalled = performance.now()
      child.kill(signal)
    },
    said: (wanted) =>
      new Promise((resolve, reject) => {
        waiting.push(() => text.stderr.includes(wanted) && resolve())
        void ended.then(() => reject(new Error(`It ended without saying '${wanted}': ${text.stderr}`)))
      }),
  }
}
