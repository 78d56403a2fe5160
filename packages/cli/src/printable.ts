const shown = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`

/**
 * A text from a file as it may be written to a terminal: characters that steer it (escape sequences, new lines, changes of
 * direction) are shown by their numbers.
 */
export const printable = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, shown)

/** The same for several lines. */
export const printableLines = (text: string): string => text.split(/\r?\n/).map(printable).join('\n')

/** JSON that no terminal is steered by: it means the same. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
