/** Which names something is about: a pattern in which `*` stands for any characters, or a function of the name. */
export type NamePattern = string | ((name: string) => boolean)

/**
 * A pattern as a function of the name.
 *
 * @example namePattern('block1.*')('block1.conv1') // true
 */
export function namePattern(pattern: NamePattern): (name: string) => boolean {
  if (typeof pattern === 'function') return pattern
  const literals = pattern.split('*').map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  const expression = new RegExp(`^${literals.join('.*')}$`, 's')
  return (name) => expression.test(name)
}
