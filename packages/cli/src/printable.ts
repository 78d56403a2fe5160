/**
 * A text from a file as it may be written to a terminal: characters that steer it (escape sequences, new lines, changes of
 * direction) are shown by their numbers.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
