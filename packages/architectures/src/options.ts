import { didYouMean, GpdError, type Shape } from '@gpdjs/core'

/** What one option takes. */
export interface OptionRule {
  /** Ends the sentence "expected …". */
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
  /** Whether the option may be left out. */
  readonly optional?: boolean
  /** What to do about a value that is refused. */
  readonly fix?: string
}

export const isPositiveInteger = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0

export const isPositiveNumber = (value: unknown): value is number => Number.isFinite(value) && Number(value) > 0

export const isRate = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < 1

const isListOf =
  (accepts: (value: unknown) => boolean, length?: number) =>
  (value: unknown): value is readonly number[] =>
    Array.isArray(value) && value.length > 0 && value.length === (length ?? value.length) && value.every(accepts)

export const isImageShape = isListOf(isPositiveInteger, 3) as (value: unknown) => value is Shape
export const isBlockList = isListOf(isPositiveInteger)

/** Blocks of each stage, as a list of a given length, or of any. */
export const blocksRule = (stages?: number): OptionRule => ({
  expected: `positive integers, one for each${stages === undefined ? '' : ` of ${stages}`} stage${stages === undefined ? '' : 's'}`,
  accepts: stages === undefined ? isBlockList : (value) => isBlockList(value) && value.length === stages,
  optional: true,
  fix: `For example [${Array.from({ length: stages ?? 3 }, () => 1).join(', ')}].`,
})

/** A rate of dropout or stochastic depth. */
export const rateRule: OptionRule = { expected: 'a rate from 0 to below 1', accepts: isRate, optional: true }

/** A size that has a default. */
export const sizeRule: OptionRule = { expected: 'a positive integer', accepts: isPositiveInteger, optional: true }

/** Something that is there or not. */
export const switchRule: OptionRule = {
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
  optional: true,
}

/** The options that every network of this package has. */
export const commonRules = {
  classes: {
    expected: 'a positive integer',
    accepts: isPositiveInteger,
    fix: 'Pass the number of classes of the data.',
  },
  width: sizeRule,
  inputShape: {
    expected: '[height, width, channels], positive integers',
    accepts: isImageShape,
    optional: true,
    fix: 'Colour images of 32 x 32 pixels are [32, 32, 3].',
  },
} as const satisfies Record<string, OptionRule>

const shown = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value))

function checkOption(where: string, name: string, rule: OptionRule, value: unknown): void {
  if (value === undefined ? rule.optional : rule.accepts(value)) return
  const code = value === undefined ? 'config.missing' : 'config.invalid'
  throw new GpdError(code, `${where}: ${name}: expected ${rule.expected}, got ${shown(value)}.`, rule.fix)
}

/**
 * Checks options that may come from a configuration file or from JavaScript. An undefined option counts as left out.
 *
 * @throws GpdError `config.unknown-key` for a mistyped option, `config.missing` for one that has no default,
 *   `config.invalid` for a value that is not accepted
 */
export function checkOptions(where: string, rules: Readonly<Record<string, OptionRule>>, given: object = {}): void {
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(rules, name))
  if (stranger !== undefined) {
    throw new GpdError(
      'config.unknown-key',
      `${where}: unknown option '${stranger}'.`,
      didYouMean(stranger, Object.keys(rules)),
    )
  }
  const values = given as Readonly<Record<string, unknown>>
  for (const [name, rule] of Object.entries(rules)) checkOption(where, name, rule, values[name])
}
