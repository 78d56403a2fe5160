import { readFile } from 'node:fs/promises'
import { describe } from './describe-error.ts'
import { EXIT } from './exit.ts'
import { HELP } from './help.ts'
import { printJson, say, type Command, type Failure, type Io } from './io.ts'
import { outlet } from './outlet.ts'

interface Entry {
  readonly summary: string
  /** Left out by a command that shows its own. */
  readonly help?: string
  readonly load: () => Promise<Command>
}

/** Commands are loaded when they are called: `gpd --help` should not wait for a tensor library. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  train: {
    summary: 'train a student as a configuration says',
    help: HELP.train,
    load: async () => (await import('./commands/train.ts')).train,
  },
  evaluate: {
    summary: 'accuracy of a saved network',
    help: HELP.evaluate,
    load: async () => (await import('./commands/evaluate.ts')).evaluate,
  },
  extract: {
    summary: 'take the plain student out of a run',
    help: HELP.extract,
    load: async () => (await import('./commands/extract.ts')).extract,
  },
  ablate: {
    summary: 'compare variations of a configuration over seeds',
    help: HELP.ablate,
    load: async () => (await import('./commands/ablate.ts')).ablate,
  },
  doctor: {
    summary: 'what works on this machine, and how fast',
    help: HELP.doctor,
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  native: {
    summary: 'compute with a TensorFlow of your own',
    load: async () => {
      const { nativeCommand } = await import('./native/index.ts')
      return (context) => nativeCommand(context.args, context)
    },
  },
}

const OVERVIEW = `gpd: Gap Preserving Distillation

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  gpd ${name.padEnd(10)} ${summary}`)
  .join('\n')}

  gpd COMMAND --help   options and examples of a command
  gpd --version        version
  --verbose            with any command: show where an error comes from

Example
  gpd train --config gpd.yaml
`

const asksForHelp = (args: readonly string[]) => args.includes('--help') || args.includes('-h')

async function version(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

/** Stopped before there was anything to save. */
const INTERRUPTED: Failure & { readonly status: number } = {
  status: EXIT.interrupted,
  code: 'training.interrupted',
  message: 'Stopped by a signal. Nothing was written.',
}

const isInterruption = ({ signal }: Io, error: unknown) => signal?.aborted === true && error === signal.reason

/** Shows the user what went wrong. The message of a foreseen error already ends with its fix. */
async function fail(
  io: Io,
  error: unknown,
  options: { readonly verbose: boolean; readonly json: boolean },
): Promise<number> {
  const { status, ...failure } = isInterruption(io, error) ? INTERRUPTED : await describe(error)
  const ending = failure.fix === undefined || failure.message.endsWith(failure.fix) ? '' : ` ${failure.fix}`
  const prefix = failure.message.startsWith('gpd ') ? '' : 'gpd: '
  say(io, `${prefix}${failure.message}${ending} [${failure.code}]`)
  if (options.verbose && error instanceof Error && error.stack) say(io, error.stack)
  if (options.json) printJson(io, { ok: false, error: failure })
  return status
}

async function unknownCommand(name: string): Promise<Error> {
  const { didYouMean, GpdError } = await import('@gpdjs/core')
  return new GpdError('config.invalid', `There is no command '${name}'.`, didYouMean(name, Object.keys(COMMANDS)))
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args
  if (name === '--version' || name === '-v') {
    io.stdout.write(`${await version()}\n`)
    return EXIT.ok
  }
  const entry = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (name === undefined || (entry === undefined && asksForHelp(args))) {
    io.stdout.write(OVERVIEW)
    return name === undefined ? EXIT.usage : EXIT.ok
  }
  if (entry?.help !== undefined && asksForHelp(rest)) {
    io.stdout.write(entry.help)
    return EXIT.ok
  }
  try {
    if (entry === undefined) throw await unknownCommand(name)
    const command = await entry.load()
    return await command({ ...io, args: rest.filter((arg) => arg !== '--verbose') })
  } catch (error) {
    return fail(io, error, {
      verbose: args.includes('--verbose') || Boolean(io.env['DEBUG']),
      json: args.includes('--json'),
    })
  }
}

/**
 * Runs the command line.
 *
 * @param args what follows the name of the program
 * @returns the exit status (docs/cli.md)
 * @example await runCli(['train', '--config', 'gpd.yaml'], { stdout: process.stdout, stderr: process.stderr, env: process.env })
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const out = outlet(io)
  const status = await dispatch(args, out.io)
  return status === EXIT.ok && out.failed() ? EXIT.resources : status
}
