import { readFile } from 'node:fs/promises'
import { EXIT } from './exit.ts'
import { printJson, say, type Command, type Io } from './io.ts'

interface Entry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** Commands are loaded when they are called: `gpd --help` should not wait for a tensor library. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  train: { summary: 'train a student as a configuration says', load: async () => (await import('./commands/train.ts')).train },
  evaluate: { summary: 'accuracy of a saved network', load: async () => (await import('./commands/evaluate.ts')).evaluate },
  extract: { summary: 'take the plain student out of a run', load: async () => (await import('./commands/extract.ts')).extract },
  ablate: { summary: 'compare variations of a configuration over seeds', load: async () => (await import('./commands/ablate.ts')).ablate },
}

const HELP = `gpd: Gap Preserving Distillation

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  gpd ${name.padEnd(10)} ${summary}`)
  .join('\n')}

  gpd COMMAND --help   options and examples of a command
  gpd --version        version
  --verbose            with any command: show where an error comes from
`

const asksForHelp = (args: readonly string[]) => args.includes('--help') || args.includes('-h')

async function version(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}

/** What a failure says: the message of an error that was foreseen, and one line with a way on for one that was not. */
async function fail(io: Io, error: unknown, options: { readonly verbose: boolean; readonly json: boolean }): Promise<number> {
  const [{ isGpdError }, { exitCodeOf }] = await Promise.all([import('@gpdjs/core'), import('./exit-code.ts')])
  const status = exitCodeOf(error)
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  const code = isGpdError(error) ? error.code : status === EXIT.usage ? 'config.invalid' : 'bug'
  const problem = status === EXIT.bug ? `Something went wrong that should not have: ${message}. Run with --verbose to see where.` : message
  say(io, `gpd: ${problem} [${code}]`)
  if (options.verbose && stack) say(io, stack)
  if (options.json) printJson(io, { ok: false, error: { code, message, ...(isGpdError(error) && error.fix !== undefined && { fix: error.fix }) } })
  return status
}

/**
 * Runs the command line.
 *
 * @param args what follows the name of the program
 * @returns the exit status (docs/cli.md)
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args
  if (name === '--version' || name === '-v') {
    io.stdout.write(`${await version()}\n`)
    return EXIT.ok
  }
  const entry = name === undefined ? undefined : COMMANDS[name]
  if (name === undefined || (entry === undefined && asksForHelp(args))) {
    io.stdout.write(HELP)
    return name === undefined ? EXIT.usage : EXIT.ok
  }
  const options = { verbose: args.includes('--verbose') || Boolean(io.env['DEBUG']), json: args.includes('--json') }
  try {
    if (entry === undefined) {
      const { didYouMean, GpdError } = await import('@gpdjs/core')
      throw new GpdError('config.invalid', `There is no command '${name}'.`, didYouMean(name, Object.keys(COMMANDS)))
    }
    const command = await entry.load()
    if (asksForHelp(rest)) {
      io.stdout.write(command.help)
      return EXIT.ok
    }
    return await command.run({ ...io, args: rest.filter((arg) => arg !== '--verbose') })
  } catch (error) {
    return fail(io, error, options)
  }
}
