#!/usr/bin/env node
import { runCli } from './cli.ts'
import { EXIT } from './exit.ts'

// `gpd … | head` closes our output early. That is not an error, and what runs may still be worth finishing; so may what
// runs when the disk under a log is full, or a terminal is gone.
process.stderr.on('error', () => undefined)
let resultLost = false
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  resultLost ||= error.code !== 'EPIPE'
})
process.on('exit', () => {
  if (resultLost && process.exitCode === EXIT.ok) process.exitCode = EXIT.resources
})

const args = process.argv.slice(2)
const controller = new AbortController()
let status: number | undefined

/** Commands that take long, and may have something to save when they are stopped. The others end at once. */
const HEEDING = ['train', 'ablate', 'evaluate']

const SIGNALS = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hungUp, SIGQUIT: EXIT.quit } as const

/** The first signal lets the step finish and what has been trained be saved; the second one ends at once. */
function stopOn(signal: NodeJS.Signals, code: number): void {
  process.on(signal, () => {
    if (controller.signal.aborted) process.exit(code)
    status = code
    controller.abort()
    process.stderr.write(`\n${signal}: finishing this step and saving. Once more to stop at once.\n`)
  })
}
if (HEEDING.some((name) => name === args[0]))
  for (const [signal, code] of Object.entries(SIGNALS))
    if (signal !== 'SIGQUIT' || process.platform !== 'win32') stopOn(signal as NodeJS.Signals, code)

const { stdout, stderr, env } = process
// No `await` here: the program is also built as CommonJS.
void runCli(args, { stdout, stderr, env, signal: controller.signal }).then((code) => {
  process.exitCode = code === EXIT.interrupted ? (status ?? code) : code
})
