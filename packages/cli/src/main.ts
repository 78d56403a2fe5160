#!/usr/bin/env node
import { runCli } from './cli.ts'
import { EXIT } from './exit.ts'

// `gpd … | head` closes our output early; that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.bug))

const controller = new AbortController()
let status: number | undefined

/** The first signal lets the step finish and the student be saved; the second one ends at once. */
function stopOn(signal: NodeJS.Signals, code: number): void {
  process.on(signal, () => {
    if (controller.signal.aborted) process.exit(code)
    status = code
    process.stderr.write(`\n${signal}: finishing this step and saving. Once more to stop at once.\n`)
    controller.abort()
  })
}
stopOn('SIGINT', EXIT.interrupted)
stopOn('SIGTERM', EXIT.terminated)

const code = await runCli(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, env: process.env, signal: controller.signal })
process.exitCode = status ?? code
