/** One line of the final table; every number was measured in this run. */
export interface Row {
  readonly name: string
  /** Test accuracy after the last epoch. */
  readonly last: number
  /** Test accuracy of the epoch that the validation set prefers. */
  readonly selected: number
  /** Test accuracy of the dynamic teacher after the last epoch. */
  readonly dynamicTeacher?: number
  /** Test accuracy of the student as it was read back from its folder. */
  readonly extracted?: number
  readonly parameters: number
  readonly flops: number
  readonly seconds: number
}

const percent = (share: number | undefined) => (share === undefined ? '–' : `${(100 * share).toFixed(2)} %`)

const COLUMNS: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ['', ({ name }) => name],
  ['last epoch', ({ last }) => percent(last)],
  ['validation-selected', ({ selected }) => percent(selected)],
  ['dynamic teacher', ({ dynamicTeacher }) => percent(dynamicTeacher)],
  ['extracted student', ({ extracted }) => percent(extracted)],
  ['parameters', ({ parameters }) => parameters.toLocaleString('en')],
  ['MFLOPs', ({ flops }) => (flops / 1e6).toFixed(1)],
  ['training', ({ seconds }) => `${seconds.toFixed(0)} s`],
]

/** Aligned columns, the first to the left and numbers to the right. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))]
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)))
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)
  const [head, ...body] = cells.map((line) => line.map(pad).join('  '))
  return [head, '─'.repeat(head!.length), ...body].join('\n')
}
