/**
 * Reads damaged files, one after another, in a process of its own: a reader that never returns cannot be stopped otherwise.
 * Says `at N` before each file, and what went wrong as JSON.
 *
 *     fuzz-process.ts SUBJECT FROM TO
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { isGpdError, randomStream } from '@gpdjs/core'
import type { Fault, Tally } from './attack.ts'
import { filesOf, mutateFiles, writeFilesInto, type Subject } from './subject.ts'
import { SUBJECTS } from './subjects.ts'

const [name, from, to] = process.argv.slice(2)
/** Far above what reading the small files takes, on a machine that does other things too. */
const MOST_MILLISECONDS = 5000
const MOST_GROWTH = 200 * 2 ** 20

const tensors = () => tf.memory().numTensors
/** The largest size that this process has had, in bytes. */
const peak = () => process.resourceUsage().maxRSS * 1024

async function outcome({ read }: Subject, folder: string): Promise<{ accepted: boolean; problem?: string }> {
  try {
    await read(folder)
    return { accepted: true }
  } catch (error) {
    if (isGpdError(error)) return { accepted: false }
    return { accepted: false, problem: `crash: ${error instanceof Error ? error.stack : String(error)}` }
  }
}

async function attack(subject: Subject, folder: string): Promise<{ accepted: boolean; problems: string[] }> {
  const before = { tensors: tensors(), peak: peak(), time: performance.now() }
  const { accepted, problem } = await outcome(subject, folder)
  const problems = problem === undefined ? [] : [problem]
  if (tensors() !== before.tensors) problems.push(`leak: ${tensors() - before.tensors} tensors`)
  const [milliseconds, growth] = [performance.now() - before.time, peak() - before.peak]
  if (milliseconds > MOST_MILLISECONDS) problems.push(`slow: ${Math.round(milliseconds)} ms`)
  if (growth > MOST_GROWTH) problems.push(`memory: ${Math.round(growth / 2 ** 20)} MiB`)
  return { accepted, problems }
}

async function run(subject: Subject): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'gpd-fuzz-'))
  const folder = join(home, 'file')
  const originals = []
  for (const write of subject.variants) {
    await writeFilesInto(folder, {})
    await write(folder)
    await subject.read(folder)
    originals.push(await filesOf(folder))
  }
  const tally: Tally = { files: 0, accepted: 0 }
  for (let i = Number(from); i < Number(to); i++) {
    process.stdout.write(`at ${i}\n`)
    const files = mutateFiles(subject, originals[i % originals.length]!, randomStream(1, 'fuzz', name!, i))
    await writeFilesInto(folder, files)
    const { accepted, problems } = await attack(subject, folder)
    tally.files++
    if (accepted) tally.accepted++
    for (const problem of problems) process.stdout.write(`${JSON.stringify({ file: i, problem } satisfies Fault)}\n`)
  }
  process.stdout.write(`${JSON.stringify(tally)}\n`)
  await rm(home, { recursive: true })
}

// What TensorFlow.js warns of is not for the one who reads the outcome.
for (const method of ['log', 'warn', 'info', 'error'] as const) console[method] = () => undefined
await tf.setBackend('cpu')
await run(SUBJECTS[name!]!)
