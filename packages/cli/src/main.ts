#!/usr/bin/env node
import { runCli } from './cli.ts'
import { EXIT } from './exit.ts'

// `gpd … | head` closes our output early. That is not an error, and what runs may still be worth finishing.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exit(EXIT.resources)
  })
}

const args = process.argv.slice(2)
const controller = new AbortController()
let status: number | undefined

/** Commands that have something to save when they are stopped. The others end at once, as any program does. */
const SAVING = ['train', 'ablate']

/** The first signal lets the step finish and the student be saved; the second one ends at once. */
function stopOn(signal: NodeJS.Signals, code: number): void {
  process.on(signal, () => {
    if (controller.signal.aborted) process.exit(code)
    status = code
    process.stderr.write(`\n${signal}: finishing this step and saving. Once more to stop at once.\n`)
    controller.abort()
  })
}
if (SAVING.some((name) => name === args[0])) {
  stopOn('SIGINT', EXIT.interrupted)
  stopOn('SIGTERM', EXIT.terminated)
}

const { stdout, stderr, env } = process
// No `await` here: the program is also built as CommonJS.
void runCli(args, { stdout, stderr, env, signal: controller.signal }).then((code) => {
  process.exitCode = code === EXIT.interrupted ? (status ?? code) : code
})
