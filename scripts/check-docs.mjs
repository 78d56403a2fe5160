// Documentation that can be wrong by itself: links that lead nowhere, READMEs without the common sections, code that
// imports what is not there, code that a strict compiler refuses.
import { brokenLinks, npmLinkProblems } from './docs/links.mjs'
import { markdownFiles } from './docs/markdown.mjs'
import { readmeProblems } from './docs/readme.mjs'
import { snippetProblems } from './docs/snippets.mjs'
import { docstringBlocks } from './docs/docstrings.mjs'
import { programBlocks, strictProblems } from './docs/types.mjs'
import { packageFolders, report } from './workspace.mjs'

const pages = markdownFiles()
report(`Documentation in ${pages.length} pages`, [
  ...packageFolders().flatMap(readmeProblems),
  ...packageFolders().flatMap(npmLinkProblems),
  ...pages.flatMap(brokenLinks),
  ...pages.flatMap(snippetProblems),
  ...strictProblems([...pages.flatMap(programBlocks), ...docstringBlocks()]),
])
