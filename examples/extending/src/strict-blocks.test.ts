import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { root } from './testing/markdown.ts'

/** What `npm run check:docs` says of a block of code, with its line in the page; the block begins at line 1. */
function problems(code: string, info = ''): string[] {
  const block = JSON.stringify([{ file: 'page.md', line: 1, info, code }])
  const script = `import { strictProblems } from './scripts/docs/types.mjs'; console.log(JSON.stringify(strictProblems(${block})))`
  const args = ['--input-type=module', '--eval', script]
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })) as string[]
}

describe('the check of code in the pages', () => {
  it.each([
    ['a parameter without a type', 'export const f = (x) => x', /^page\.md:2: .*implicitly has an 'any' type/],
    [
      'an import that is left out',
      "import * as tf from '@tensorflow/tfjs'\nkdLoss(tf.ones([1]))",
      /^page\.md:3: .*kdLoss/,
    ],
    [
      'an unknown option',
      "import { kd } from '@gpdjs/kd-losses'\n\nkd({ temprature: 4 })",
      /^page\.md:4: .*temprature/,
    ],
  ])('finds %s', (_, code, problem) => {
    expect(problems(code)).toEqual([expect.stringMatching(problem)])
  })

  it('takes what a fragment says it is given, and nothing else', () => {
    const code = "import { countParameters } from '@gpdjs/core'\n\ncountParameters(student.parameters)"
    expect(problems(code, 'given=student')).toEqual([])
    expect(problems(code)).toHaveLength(1)
    expect(problems(code, 'given=student,nobody')).toEqual([expect.stringContaining("'nobody' is not in")])
  })

  // What most functions of TensorFlow.js return is a Tensor of no particular rank.
  it('lets tensors through as TensorFlow.js types them', () => {
    const code = `import * as tf from '@tensorflow/tfjs'
import { crossEntropy, dkdLoss, kdLoss } from '@gpdjs/kd-losses'
import { tensorSource } from '@gpdjs/data'
const logits: tf.Tensor = tf.mul(tf.ones([2, 3]), 2)
const labels: tf.Tensor = tf.argMax(logits, 1)
tf.add(kdLoss(logits, logits), tf.add(crossEntropy(logits, labels), dkdLoss(logits, logits, labels)))
tensorSource({ xs: tf.mul(tf.ones([2, 4, 4, 1]), 1), ys: labels, classes: 3 })`
    expect(problems(code)).toEqual([])
  })
})
