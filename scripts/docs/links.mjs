import { existsSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { root } from '../workspace.mjs'
import { headings, readText, withoutCode, withoutFences } from './markdown.mjs'

const linkForms = [
  /\]\(<?([^)\s>]+)>?(?:\s+["'][^"']*["'])?\)/g, // [text](target "title") and ![text](target)
  /^ {0,3}\[[^\]]+\]: +<?(\S+?)>?(?:\s|$)/gm, // [name]: target
  /\b(?:href|src)="([^"]+)"/g,
]
const isExternal = /^([a-z][a-z0-9+.-]*:|\/\/)/i

/** @param {string} text */
const linkTargets = (text) =>
  linkForms.flatMap((form) => [...withoutCode(text).matchAll(form)].map(([, to = '']) => to))

/** @param {string} file the anchors of a page, as GitHub derives them: repeated titles are numbered */
function anchors(file) {
  const seen = new Map()
  return headings(readText(file)).map(({ title }) => {
    const slug = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\p{Mark} _-]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    return before === 0 ? slug : `${slug}-${before}`
  })
}

/**
 * Relative links of a page that lead nowhere: no such file, or no such heading in it.
 *
 * @param {string} file relative to the root
 * @returns {string[]} one line per problem
 */
export function brokenLinks(file) {
  return linkTargets(readText(file))
    .filter((target) => !isExternal.test(target))
    .flatMap((target) => {
      const [path = '', anchor] = target.split('#').map(decodeURIComponent)
      const found = path === '' ? file : normalize(join(path.startsWith('/') ? '.' : dirname(file), path))
      if (found.startsWith('..')) return [`${file}: the link ${target} leaves the repository.`]
      if (!existsSync(join(root, found))) return [`${file}: the link ${target} expects ${found}, which does not exist.`]
      if (!anchor || !found.endsWith('.md') || statSync(join(root, found)).isDirectory()) return []
      return anchors(found).includes(anchor) ? [] : [`${file}: the link ${target} names no heading of ${found}.`]
    })
}

/** Files of the repository that a text mentions: `docs/errors.md`, maybe with a section, "A task". */
const mention = /`((?:docs|examples|packages)\/[\w./-]+)`(?:,[ \n]"([^"]+)")?/g

/**
 * Links in a package's README that lead nowhere from npm's page of the package, which shows the README without the files around
 * it, and files of the repository that it mentions instead and that are not there.
 *
 * @param {string} folder of the package, relative to the root
 * @returns {string[]} one line per problem
 */
export function npmLinkProblems(folder) {
  const file = `${folder}/README.md`
  const text = readText(file)
  return [
    ...linkTargets(text)
      .filter((target) => !target.startsWith('https://') && !target.startsWith('#'))
      .map(
        (target) => `${file}: the link ${target} leads nowhere from npm. Link to https://…, or name the file in code.`,
      ),
    ...[...withoutFences(text).matchAll(mention)].flatMap(([, path = '', section]) => {
      if (!existsSync(join(root, path))) return [`${file}: it mentions ${path}, which does not exist.`]
      if (section === undefined || headings(readText(path)).some(({ title }) => title === section)) return []
      return [`${file}: it mentions "${section}", which is no heading of ${path}.`]
    }),
  ]
}
