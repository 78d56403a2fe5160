// Documentation that can be wrong by itself: links that lead nowhere, READMEs without the common sections, code that
// imports what is not there.
import { brokenLinks } from './docs/links.mjs'
import { markdownFiles } from './docs/markdown.mjs'
import { readmeProblems } from './docs/readme.mjs'
import { snippetProblems } from './docs/snippets.mjs'
import { packageFolders, report } from './workspace.mjs'

const pages = markdownFiles()
report(`Documentation in ${pages.length} pages`, [
  ...packageFolders().flatMap(readmeProblems),
  ...pages.flatMap(brokenLinks),
  ...pages.flatMap(snippetProblems),
])
