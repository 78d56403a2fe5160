import { parseArgs, type ParseArgsConfig } from 'node:util'
import { didYouMean, GpdError } from '@gpdjs/core'

type Options = NonNullable<ParseArgsConfig['options']>

type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; strict: true; allowPositionals: true }>
>

function checkNames(command: string, args: string[], options: Options): void {
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true })
  for (const token of tokens) {
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) continue
    const known = Object.keys(options).map((name) => `--${name}`)
    throw new GpdError(
      'config.unknown-key',
      `gpd ${command}: there is no option '${token.rawName}'.`,
      didYouMean(token.rawName, known),
    )
  }
}

/**
 * Options whose value may be left out get an empty one: `--resume --json` is `--resume= --json`.
 *
 * @param names with their hyphens
 */
export const withEmptyValues = (args: readonly string[], names: readonly string[]): string[] =>
  args.map((arg, i) => {
    const next = args[i + 1]
    const isBare = names.includes(arg) && !args.slice(0, i).includes('--')
    return isBare && (next === undefined || next.startsWith('-')) ? `${arg}=` : arg
  })

/**
 * The options of a command line, and the folder that some commands are given.
 *
 * @throws GpdError `config.unknown-key` with the nearest option, `config.invalid` for a value that is missing or too much
 */
export function parseOptions<const O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
): Parsed<O>['values'] {
  const { values, positionals } = parse(command, [...args], options)
  if (positionals.length === 0) return values
  throw new GpdError(
    'config.invalid',
    `gpd ${command}: expected options only, got '${positionals[0]}'.`,
    `See gpd ${command} --help.`,
  )
}

/** The same for a command that works on a folder, its only argument without a name. */
export function parseFolderAndOptions<const O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
): { readonly folder: string; readonly values: Parsed<O>['values'] } {
  const { values, positionals } = parse(command, [...args], options)
  const [folder] = positionals
  if (folder !== undefined && positionals.length === 1) return { folder, values }
  throw new GpdError(
    'config.invalid',
    `gpd ${command}: expected one folder, got ${positionals.length}.`,
    `See gpd ${command} --help.`,
  )
}

function parse<O extends Options>(command: string, args: string[], options: O): Parsed<O> {
  checkNames(command, args, options)
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true }) as Parsed<O>
  } catch (error) {
    const [reason] = (error as Error).message.split('. ')
    throw new GpdError(
      'config.invalid',
      `gpd ${command}: ${reason!.replace(/\.?$/, '.')}`,
      `See gpd ${command} --help.`,
      { cause: error },
    )
  }
}

/** @throws GpdError `config.invalid` */
export function wholeNumber(option: string, text: string, least = 0): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value
  throw new GpdError('config.invalid', `${option}: expected a whole number of at least ${least}, got '${text}'.`)
}
