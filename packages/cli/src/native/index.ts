import { parseArgs, type ParseArgsConfig } from 'node:util'
import { removeLinks } from './current-link.ts'
import { nativeFolders, type NativeFolders } from '@gpdjs/backends/native'
import { GpdError } from '@gpdjs/core/errors'
import { installTensorflow } from './install.ts'
import { linkTensorflow } from './link.ts'
import { nativeStatus } from './status.ts'

/** Where a command writes: results to `stdout`, talk to `stderr`. */
export interface NativeIo {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

const USAGE = `gpd native: compute with a TensorFlow of your own, several times faster than WebAssembly

  gpd native install [--version X] [--python PATH]   fetch TensorFlow with pip, then link it
  gpd native link [--python PATH | --tensorflow DIR] [--gpu] [--tfjs-node FILE]
                                                     build the binding against a TensorFlow that is there
  gpd native status [--json]                         what is linked, and whether it works
  gpd native unlink                                  remove the binding; fetched TensorFlows stay

Everything is kept in $GPD_CACHE/native (default ~/.cache/gpd/native). A C++ compiler is needed. --gpu is untested.
`

interface Run {
  readonly folders: NativeFolders
  readonly io: NativeIo
  readonly report: (line: string) => void
}

type Values = Readonly<Record<string, string | boolean | undefined>>

interface Command {
  readonly options: NonNullable<ParseArgsConfig['options']>
  run(run: Run, values: Values): Promise<void>
}

const text = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined)

async function link({ folders, io, report }: Run, values: Values): Promise<void> {
  const { folder, link } = await linkTensorflow(folders, {
    report,
    tensorflow: text(values['tensorflow']),
    python: text(values['python']),
    tfjsNode: text(values['tfjs-node']),
    gpu: values['gpu'] === true,
  })
  io.stdout.write(
    `Linked TensorFlow ${link.tensorflow.version}${link.gpu ? ' with CUDA' : ''}: the backend 'tensorflow' works from now on (${folder}).\n`,
  )
}

const COMMANDS: Readonly<Record<string, Command>> = {
  install: {
    options: { version: { type: 'string' }, python: { type: 'string' } },
    async run(run, values) {
      const tensorflow = await installTensorflow(run.folders, {
        report: run.report,
        version: text(values['version']),
        python: text(values['python']),
      })
      await link(run, { tensorflow })
    },
  },
  link: {
    options: {
      python: { type: 'string' },
      tensorflow: { type: 'string' },
      gpu: { type: 'boolean' },
      'tfjs-node': { type: 'string' },
    },
    run: link,
  },
  status: {
    options: { json: { type: 'boolean' } },
    async run({ folders, io }, { json }) {
      const status = await nativeStatus(folders)
      const { link, problem } = status
      const lines = [
        link && `TensorFlow ${link.tensorflow.version} in ${link.tensorflow.folder}, built ${link.built}`,
        status.works ? 'It works.' : problem,
      ]
      io.stdout.write(
        json === true
          ? `${JSON.stringify(status)}\n`
          : lines
              .filter(Boolean)
              .map((line) => `${line}\n`)
              .join(''),
      )
    },
  },
  unlink: {
    options: {},
    async run({ folders, io }) {
      await removeLinks(folders)
      io.stdout.write('Nothing is linked any more.\n')
    },
  },
}

function parse(name: string, args: string[]): Values {
  try {
    return parseArgs({ args, options: COMMANDS[name]!.options, strict: true, allowPositionals: false }).values as Values
  } catch (error) {
    throw new GpdError('config.invalid', `gpd native ${name}: ${(error as Error).message}`, 'See gpd native --help.', {
      cause: error,
    })
  }
}

/**
 * `gpd native install | link | status | unlink`.
 *
 * @param args what follows `gpd native`
 * @returns the exit status, 0
 * @throws GpdError for everything that the user can mend
 */
export async function nativeCommand(args: readonly string[], io: NativeIo): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || rest.includes('--help') || rest.includes('-h')) {
    io.stdout.write(USAGE)
    return 0
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    const { didYouMean } = await import('@gpdjs/core')
    throw new GpdError(
      'config.invalid',
      `gpd native: unknown command '${name}'.`,
      didYouMean(name, Object.keys(COMMANDS)),
    )
  }
  await COMMANDS[name]!.run(
    { folders: nativeFolders(), io, report: (line) => void io.stderr.write(`${line}\n`) },
    parse(name, rest),
  )
  return 0
}
