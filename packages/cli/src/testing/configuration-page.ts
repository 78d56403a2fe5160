/** The tables of docs/configuration.md, made from the declarations of the options. */
import { isRecord, show, type Kind, type Option, type OptionTable } from '@gpdjs/core'
import { schedules } from '../config/schedule.ts'
import { CONFIG, STUDY } from '../config/schema.ts'
import { keyComments } from './key-comments.ts'

type Tables = NonNullable<Kind['tables']>

/** A key, and its declaration in each alternative of the object that has it. */
interface Row {
  readonly path: string
  readonly found: readonly { readonly name?: string; readonly option: Option }[]
  /** Whether other alternatives do not have it. */
  readonly partial: boolean
}

const distinct = (texts: readonly string[]) => [...new Set(texts)]

/** Every option by its path, and what is inside it below it. Schedules have a section of their own. */
function rowsOf(tables: Tables, prefix = ''): Row[] {
  const keys = distinct(tables.flatMap(({ options }) => Object.keys(options)))
  return keys.flatMap((key) => {
    const owners = tables.filter(({ options }) => Object.hasOwn(options, key))
    const found = owners.map(({ options, ...owner }) => ({ ...owner, option: options[key]! }))
    const { kind } = found[0]!.option
    const path = `${prefix}${key}`
    const inside = kind === schedules ? [] : rowsOf(kind.tables ?? [], `${path}.`)
    return [{ path, found, partial: owners.length < tables.length }, ...inside]
  })
}

function written(value: unknown): string {
  if (!isRecord(value)) return typeof value === 'string' ? value : show(value)
  const entries = Object.entries(value).map(([key, each]) => `${key}: ${written(each)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** A default without what is the default inside it. */
function shortest(value: unknown, tables: Tables = []): unknown {
  if (!isRecord(value)) return value
  const table = tables.find(({ name }) => name === undefined || Object.values(value).includes(name))
  const isOwnDefault = (key: string, each: unknown) => written(table?.options[key]?.fallback) === written(each)
  return Object.fromEntries(Object.entries(value).filter(([key, each]) => !isOwnDefault(key, each)))
}

/** The default as a comment gives it: `(default 4)`, `(default: none)`, or behind a semicolon in other brackets. */
const DEFAULT = /( \(|; )default(:?) ((?:[^()]|\([^()]*\))*)\)/

function defaultOf({ kind, presence, fallback }: Option, comments: readonly string[]): string {
  if (presence === 'needed') return 'needed'
  if (presence === 'filled') return `\`${written(shortest(fallback, kind.tables))}\``
  const [, , , said] = comments.map((comment) => DEFAULT.exec(comment)).find((match) => match?.[2] === ':') ?? []
  return said ?? '–'
}

/** The comment of all alternatives if it is the same, or else the comment of each. */
function merged({ found }: Row, textOf: (option: Option) => string): string {
  const texts = found.map(({ option }) => textOf(option))
  const isOne = distinct(texts).length === 1
  return isOne ? texts[0]! : found.map(({ name }, i) => `\`${name}\`: ${texts[i]}`).join('; ')
}

function lineOf(row: Row, comments: readonly string[]): string {
  const about = distinct(comments.map((text) => text.replace(DEFAULT, (_, begin) => (begin === '; ' ? ')' : ''))))
  const owners = row.found.map(({ name }) => `\`${name}\``).join(', ')
  const cells = [
    `\`${row.path}\``,
    merged(row, ({ kind }) => kind.expected.join(', ')),
    merged(row, (option) => defaultOf(option, comments)),
    [row.partial ? `(${owners})` : '', ...(about.length === 0 ? ['Which of these it is.'] : about)].join(' ').trim(),
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

const HEAD = '| Key | Takes | Default | What it is |\n| --- | --- | --- | --- |'

/** Which keys stand in which table of the page. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  data: ['student', 'data'],
  teacher: ['teacher'],
  'dynamic teacher': ['dynamicTeacher'],
  training: Object.keys(CONFIG).filter((key) => !['student', 'data', 'teacher', 'dynamicTeacher'].includes(key)),
}

const only = (table: OptionTable, names: readonly string[]): OptionTable =>
  Object.fromEntries(Object.entries(table).filter(([name]) => names.includes(name)))

/** The tables by the name of their section. */
export function configurationTables(): Readonly<Record<string, string>> {
  const commentsOf = keyComments()
  const [ofConfig, ofStudy] = [commentsOf('ConfigInput'), commentsOf('StudyInput')]
  const table = (tables: Tables, comments: (path: string) => readonly string[]) =>
    [HEAD, ...rowsOf(tables).map((row) => lineOf(row, comments(row.path)))].join('\n')
  return {
    ...Object.fromEntries(
      Object.entries(SECTIONS).map(([name, keys]) => [name, table([{ options: only(CONFIG, keys) }], ofConfig)]),
    ),
    schedules: table(schedules.tables!, (path) => ofConfig(`labelWeight.${path}`)),
    studies: table([{ options: STUDY }], ofStudy),
  }
}

/** A page with the tables between its marks, `<!-- options: data -->` … `<!-- end of options -->`, made anew. */
export const withTables = (page: string, tables: Readonly<Record<string, string>>): string =>
  page.replace(
    /(<!-- options: ([\w ]+) -->)[^]*?(<!-- end of options -->)/g,
    (_, begin: string, name: string, end: string) => `${begin}\n\n${tables[name]}\n\n${end}`,
  )
