// One concept per file: sources stay near 200 lines. Above that a file is named, above 250 the check fails.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { report, root } from './workspace.mjs'

const SHOULD = 200
const MUST = 250
const isSource = /^(packages|examples|benchmarks|scripts)\/.*\.(ts|mjs)$/
const isExempt = /\.(test|cases)\.ts$|\/fixtures\//

const sizes = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => isSource.test(file) && !isExempt.test(file))
  .map((file) => ({ file, lines: lineCount(file) }))

/** @param {string} file relative to the root; a deleted file that git still lists has no lines */
function lineCount(file) {
  try {
    return readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length
  } catch {
    return 0
  }
}

for (const { file, lines } of sizes.filter(({ lines }) => lines > SHOULD && lines <= MUST)) {
  console.warn(`${file}: ${lines} lines, better ${SHOULD} at most.`)
}
const tooLong = sizes.filter(({ lines }) => lines > MUST)
report(
  `Size of ${sizes.length} source files`,
  tooLong.map(({ file, lines }) => `${file}: expected ${MUST} lines at most, found ${lines}. Split it by concept.`),
)
