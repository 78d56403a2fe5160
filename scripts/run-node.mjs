import { spawn } from 'node:child_process'
import { root } from './workspace.mjs'

/** Flags that let Node run the TypeScript sources of all packages without a build. */
export const sourceFlags = () => ['--conditions=@gpdjs/source', '--import', import.meta.resolve('tsx')]

/**
 * Runs Node with these arguments in our place: same terminal, same exit status, signals passed on.
 *
 * @param {readonly string[]} args what would stand after `node`
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function runNode(args, { cwd = root, env = process.env } = {}) {
  const child = spawn(process.execPath, args, { cwd, env, stdio: 'inherit' })
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => child.kill(signal)
  // A terminal sends Ctrl+C to the whole process group, so the child has it already; a second one would mean "at once".
  process.on('SIGINT', process.stdin.isTTY ? () => {} : forward)
  process.on('SIGTERM', forward)
  process.on('SIGHUP', forward)

  // npm passes SIGTERM to its shell only, which dies and leaves us behind: take that for the signal.
  const parent = process.ppid
  const watch = () => {
    if (process.ppid === parent) return
    clearInterval(timer)
    forward('SIGTERM')
  }
  const timer = setInterval(watch, 500).unref()
  if (process.env.npm_lifecycle_event === undefined) clearInterval(timer) // started by hand: may outlive its shell

  child.on('error', (error) => {
    console.error(error.message)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    // End by the same signal, so that the parent process gets the true reason.
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
