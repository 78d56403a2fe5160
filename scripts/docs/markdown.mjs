import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspace.mjs'

/** Markdown files written by hand, relative to the root; change notes are consumed by a release, changelogs made by it. */
export const markdownFiles = () =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && !file.startsWith('.changeset/') && !file.endsWith('CHANGELOG.md'))
    .filter((file) => existsSync(join(root, file)))

/** @param {string} file relative to the root */
export const readText = (file) => readFileSync(join(root, file), 'utf8')

const fence = /^ {0,3}(```+|~~~+)[ \t]*(\S*)([^\n]*)\n([\s\S]*?)^ {0,3}\1[ \t]*$/gm

/**
 * The fenced code of a page.
 *
 * @param {string} text
 * @returns {{ language: string, info: string, code: string, line: number }[]} `info` is what stands behind the language,
 *   `line` that of the opening fence, from 1
 */
export const codeBlocks = (text) =>
  [...text.matchAll(fence)].map(({ 2: language = '', 3: info = '', 4: code = '', index }) => ({
    language,
    info: info.trim(),
    code,
    line: text.slice(0, index).split('\n').length,
  }))

/** @param {string} text the page without its fenced code; lines keep their numbers */
export const withoutFences = (text) => text.replace(fence, (block) => block.replace(/[^\n]/g, ''))

/** @param {string} text the page without its code, which may look like links and headings */
export const withoutCode = (text) => withoutFences(text).replace(/(`+)(?:(?!\1)[^\n])+\1/g, '')

/**
 * @param {string} text
 * @returns {{ depth: number, title: string }[]}
 */
export const headings = (text) =>
  [...text.replace(fence, '').matchAll(/^(#{1,6}) +(.+?) *#* *$/gm)].map(({ 1: marks = '', 2: title = '' }) => ({
    depth: marks.length,
    title,
  }))
