import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspace.mjs'
import { headings, readText } from './markdown.mjs'

/** The same sections in every package, in this order; further ones may stand between them. */
const SECTIONS = [
  'What is this?',
  'When should I use this?',
  'Install',
  'Use',
  'API',
  'Examples',
  'Types',
  'Compatibility',
  'Security',
  'Contribute',
  'License',
]

/**
 * What a package's README lacks.
 *
 * @param {string} folder of the package, relative to the root
 * @returns {string[]} one line per problem
 */
export function readmeProblems(folder) {
  const file = `${folder}/README.md`
  if (!existsSync(join(root, file))) return [`${file}: missing. Its sections: ${SECTIONS.join(' · ')}.`]

  const titles = headings(readText(file)).map(({ title }) => title)
  const missing = SECTIONS.filter((section) => !titles.includes(section))
  if (missing.length > 0) return [`${file}: sections missing: ${missing.join(' · ')}.`]

  const order = titles.filter((title) => SECTIONS.includes(title))
  return order.join() === SECTIONS.join()
    ? []
    : [`${file}: expected the order ${SECTIONS.join(' · ')}, found ${order.join(' · ')}.`]
}
