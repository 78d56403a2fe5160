/** Where a value stands, for messages about it. */
export interface Place {
  /** The function that takes the options, or the file that they are written in. */
  readonly where: string
  /** Keys from there to the value, joined by dots; empty for all options together. */
  readonly path: string
  /** Whether the options are keys of a file. */
  readonly inFile: boolean
}

/** What values an option takes. */
export interface Kind<T = unknown, Input = T> {
  /** What is accepted, each an ending of the sentence "expected …". */
  readonly expected: readonly string[]
  /**
   * The value as it is used, or undefined for one of another type or out of range.
   *
   * @throws GpdError for an entry inside the value, with its path
   */
  readonly read: (value: unknown, place: Place) => T | undefined
  /** The texts among what is accepted, for the nearest name. */
  readonly choices?: readonly string[]
  /** What to do about a refused value. */
  readonly fix?: string
  /** Options of the objects that are accepted; by the value of their tag where it decides which ones there are. */
  readonly tables?: readonly { readonly name?: string; readonly options: OptionTable }[]
  /** A type only, never there: what may be written. */
  readonly input?: Input
}

/** `needed`: must be given. `optional`: may be left out, and then there is none. `filled`: has a default. */
export type Presence = 'needed' | 'optional' | 'filled'

/**
 * The one declaration of an option: its check and its default. The comment above it, in the table, is its documentation: the
 * types `Given` and `Filled` keep it for editors, and docs/configuration.md is made from it.
 */
export interface Option<T = unknown, Input = unknown, P extends Presence = Presence> {
  readonly kind: Kind<T, Input>
  readonly presence: P
  /** The value where none is given; there if `presence` is `filled`. */
  readonly fallback?: T
}

export type OptionTable = Readonly<Record<string, Option>>

/** An option with a default. */
export const option = <T, Input>(kind: Kind<T, Input>, fallback: NoInfer<T>): Option<T, Input, 'filled'> => ({
  kind,
  presence: 'filled',
  fallback,
})

/** An option that must be given. */
export const needed = <T, Input>(kind: Kind<T, Input>): Option<T, Input, 'needed'> => ({ kind, presence: 'needed' })

/** An option that may be left out and has no default. */
export const optional = <T, Input>(kind: Kind<T, Input>): Option<T, Input, 'optional'> => ({
  kind,
  presence: 'optional',
})

/** Some options of a table, for a table that takes them over. */
export const pickOptions = <Table extends OptionTable, K extends keyof Table>(
  table: Table,
  ...names: readonly K[]
): Pick<Table, K> => Object.fromEntries(names.map((name) => [name, table[name]])) as Pick<Table, K>

type ValueOf<O> = O extends Option<infer T> ? T : never
type InputOf<O> = O extends Option<unknown, infer I> ? I : never
type Is<P extends Presence> = Option<unknown, unknown, P>
/** One object type in place of an intersection. */
type Flat<T> = { [K in keyof T]: T[K] }

/** Options with every default filled in. */
export type Filled<Table> = Flat<
  { readonly [K in keyof Table as Table[K] extends Is<'optional'> ? never : K]: ValueOf<Table[K]> } & {
    readonly [K in keyof Table as Table[K] extends Is<'optional'> ? K : never]?: ValueOf<Table[K]>
  }
>

/** Options as they are given: those with a default, and optional ones, may be left out. */
export type Given<Table> = Flat<
  { readonly [K in keyof Table as Table[K] extends Is<'needed'> ? K : never]: InputOf<Table[K]> } & {
    readonly [K in keyof Table as Table[K] extends Is<'needed'> ? never : K]?: InputOf<Table[K]> | undefined
  }
>
