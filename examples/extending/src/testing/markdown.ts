import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The top of the repository. */
export const root = fileURLToPath(new URL('../../../../', import.meta.url))

export interface CodeBlock {
  /** What stands behind the opening fence: language first. */
  readonly info: string
  readonly code: string
}

/** The fenced code of a page, in order. */
export function codeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(root + page, 'utf8')
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, info, code]) => ({ info: info!, code: code! }))
}
